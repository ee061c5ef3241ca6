import type { OptionSpecs } from './args.js';
import type { Verb } from './verb.js';
import { benchVerb } from './verbs/bench.js';
import { callVerb } from './verbs/call.js';
import { completionVerb } from './verbs/completion.js';
import { decodeVerb } from './verbs/decode.js';
import { listenVerb } from './verbs/listen.js';
import { pingVerb } from './verbs/ping.js';

export const HELP_OPTION: OptionSpecs = { help: { short: 'h', text: 'this text' } };

export const VERBS: readonly Verb[] = [
  callVerb,
  listenVerb,
  pingVerb,
  benchVerb,
  decodeVerb,
  completionVerb(() => VERBS),
];
