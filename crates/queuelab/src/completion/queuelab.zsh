#compdef queuelab
_queuelab() {
    local -a answers=("${(@f)$(_CLAP_IFS=$'\n' _CLAP_COMPLETE_INDEX=$((CURRENT - 1)) COMPLETE=zsh ${~words[1]} -- "${words[@]:0:$CURRENT}" 2>/dev/null)}")
    local -a closed=() open=()
    local answer
    for answer in $answers; do
        # A value or a file follows.
        case "${answer%%:*}" in
            *[=/]) open+=("$answer") ;;
            ?*) closed+=("$answer") ;;
        esac
    done
    (( $#closed )) && _describe -V queuelab closed
    (( $#open )) && _describe -V queuelab open -S ''
}
if [[ ${funcstack[1]} == _queuelab ]]; then
    _queuelab "$@"
else
    compdef _queuelab queuelab
fi
