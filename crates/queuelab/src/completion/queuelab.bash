_queuelab() {
    local before=("${COMP_WORDS[@]:0:COMP_CWORD}") current=$2
    # Bash ends a word at `=`: after `--only server.backlog=`, the word is `=` and $2 is empty.
    [[ ${COMP_WORDS[COMP_CWORD]} == = ]] && current==
    mapfile -t COMPREPLY < <(COMPLETE=bash "${1/#\~/$HOME}" -- "${before[@]}" "$current" 2>/dev/null)
    # A value or a file follows.
    [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *[=/] ]] && compopt -o nospace
    return 0
}
complete -o nosort -F _queuelab queuelab
