# Completion of `pipe` for fish. In ~/.config/fish/completions/pipe.fish: pipe completions fish | source

function __pipe_complete
    set -l words (commandline -opc)
    command $words[1] complete fish $words (commandline -ct) 2>/dev/null
end

complete -c pipe -f -a '(__pipe_complete)'
