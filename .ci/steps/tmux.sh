# programs on a screen
need tmux
tests tmux
