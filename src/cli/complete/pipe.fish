# Completion of `pipe` for fish. In ~/.config/fish/completions/pipe.fish: pipe completions fish | source

complete -c pipe -f -a '(command (commandline -opc)[1] complete fish (commandline -opc) (commandline -ct) 2>/dev/null)'
