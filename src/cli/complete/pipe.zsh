#compdef pipe
# Completion of `pipe` for zsh. In ~/.zshrc, behind compinit: source <(pipe completions zsh)

_pipe_complete() {
    local line value
    local -a values shown folders
    for line in "${(@f)$(command ${(Q)words[1]} complete zsh "${(@Q)words[1,CURRENT]}" 2>/dev/null)}"; do
        value=${line%%$'\t'*}
        [[ -n $value ]] || continue
        if [[ $value == */ || $value == *: ]]; then
            folders+=("$value")
        else
            values+=("$value")
            [[ $line == *$'\t'* ]] && shown+=("$value  -- ${line#*$'\t'}") || shown+=("$value")
        fi
    done
    (( ${#folders} )) && compadd -S '' -a folders
    (( ${#values} )) && compadd -l -d shown -a values
    (( ${#folders} + ${#values} )) || _files
}

compdef _pipe_complete pipe
