# Completion of `pipe` for bash. In ~/.bashrc: source <(pipe completions bash)

_pipe_complete() {
    local IFS=$'\n'
    COMPREPLY=($(command "${COMP_WORDS[0]/#\~/$HOME}" complete bash "${COMP_LINE:0:COMP_POINT}" "$2" 2>/dev/null))
    # Behind a folder, and behind `--option=`, more is to come.
    if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *[/=:] ]]; then
        compopt -o nospace
    fi
}

complete -o bashdefault -o default -F _pipe_complete pipe
