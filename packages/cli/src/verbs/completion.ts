import { bashCompletion, zshCompletion } from '../completion.js';
import { usage } from '../exit-code.js';
import type { Verb } from '../verb.js';

/** @param all Gives all verbs, this one too. */
export const completionVerb = (all: () => readonly Verb[]): Verb => ({
  name: 'completion',
  summary: 'prints a script that completes command lines, for bash or zsh',
  usage: 'bash|zsh',
  options: {},
  examples: ['completion bash > ~/.local/share/bash-completion/completions/stmp', 'completion zsh > ~/.zfunc/_stmp'],
  async run({ positionals }, io) {
    const [shell, ...more] = positionals;
    if (more.length > 0 || (shell !== 'bash' && shell !== 'zsh')) throw usage('completion is for bash or zsh');
    io.out(shell === 'bash' ? bashCompletion(all()) : zshCompletion(all()));
  },
});
