#!/usr/bin/env node
import '../dist/protoc-plugin.js';
