#!/usr/bin/env node
import '../dist/stmp-gen.js';
