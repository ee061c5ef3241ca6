# completion in zsh
need zsh
tests zsh
