#!/usr/bin/zsh -f
# SPDX-License-Identifier: GPL-2.0-only
#
# complete.zsh FILE LINE: print the words that zsh offers at the end of LINE, one per line, with the
# completion in FILE. Completion only works in an interactive shell, so this starts one on its own
# terminal, and makes it print all offered words.

zmodload zsh/zpty

# In its output, the words between the marks were offered.
setup() {
	cat <<-'END'
		PS1=
		autoload -Uz compinit && compinit -u -D
		source $COMPLETION_FILE; compdef _dmaheap dmaheap
		compadd() {
			local -a offered
			if [[ " $* " != *" -"[OAD]" "* ]]; then
				builtin compadd -O offered "$@"
				(($#offered)) && print -r -- "<offered $offered>"
			fi
			builtin compadd "$@"
		}
		ends() { print '<end>' }
		shows() { comppostfuncs=(ends) }
		compprefuncs=(shows)
		print '<ready>'
	END
}

export COMPLETION_FILE=${1:A} COLUMNS=1000 TERM=dumb
zpty shell zsh -f -i
setup | while IFS= read -r line; do zpty -w shell "$line"; done
zpty -r -m shell output $'*\n<ready>*'
zpty -w -n shell "$2"$'\t'
zpty -r -m shell output '*<end>*'
grep -o '<offered [^>]*' <<<"$output" | sed 's/^<offered //; s/ /\n/g'
zpty -d shell
