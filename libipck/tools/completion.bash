# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Completion of ipck(1), for bash with bash-completion.  Commands, options and what they take are
# those that "ipck help" tells; names are those of mailboxes and segments that are there.

# Commands of ipck, or those that a command has
_ipck_commands()
{
	"$ipck" help "$@" 2>/dev/null | sed -nE 's/^  ([a-z]+) +.*/\1/p'
}

# Long options, from the help of a command
_ipck_options()
{
	sed -nE 's/^ +(-[A-Za-z], )?(--[a-z-]+) .*/\2/p'
}

# _ipck_takes OPTION: what it takes, as the help calls that, or nothing
_ipck_takes()
{
	awk -v option="$1" '
		$1 ~ /^-[A-Za-z],$/ && (option "," == $1 || option == $2) { print $3 }
		$1 ~ /^--/ && option == $1 { print $2 }' | grep -xE '[A-Z]+'
}

# _ipck_names NAME|SEGMENT: of mailboxes or of segments, as the table calls the column.  Not those
# it cannot show as they are.
_ipck_names()
{
	"$ipck" ls 2>/dev/null | awk -v column="$1" '
		$1 == "ID" { before = NF - 1; wanted = $NF == column; next }
		wanted {
			for (i = 0; i < before; i++)
				sub(/^ *[^ ]+ +/, "")
			if (!/\\|^\(|\((unlinked|unnamed|of [^)]*)\)$/)
				print
		}'
}

# _ipck_quote WORD: how it goes on after the quote that has been opened, or none, in REPLY. Fails if
# it cannot be written there.
_ipck_quote()
{
	case $quote in
	\') REPLY=${1//\'/\'\\\'\'} ;;
	\")
		[[ $1 != *!* ]] || return
		REPLY=$(sed 's/[\\"$`]/\\&/g' <<<"$1")
		;;
	*) printf -v REPLY %q "$1" ;;
	esac
	# Readline closes them, but where it takes the last character for that.
	[[ -z $quote || $REPLY != *"$quote" ]] || REPLY+=$quote
}

# _ipck_offer WORD...: those that go on from what there is, in the quotes it begins with. Of one
# that has more of them nobody knows where bash thinks that it begins.
_ipck_offer()
{
	local word REPLY quote=${cur:0:1}
	[[ $quote == [\'\"] ]] || quote=
	[[ ${cur#"$quote"} != *\'* || $quote != \' ]] || return
	for word; do
		_ipck_quote "$word" || continue
		[[ $quote$REPLY != "$cur"* ]] || COMPREPLY+=("$REPLY")
	done
	# What comes before a colon is a word only where nothing is quoted.
	[[ -n $quote ]] || __ltrim_colon_completions "$cur"
}

_ipck_offer_names()
{
	local names
	mapfile -t names < <(_ipck_names "$1")
	_ipck_offer "${names[@]}"
}

# What the option before takes, where it is known
_ipck_offer_value()
{
	case $1 in
	NAME) _ipck_offer_names NAME ;;
	P) _ipck_offer block fail drop-oldest drop-newest ;;
	LIST) _ipck_offer all joined left died ;;
	esac
}

# _ipck_arguments FIRST: set position, how many arguments from there on are none of options, last,
# the first one after them, and options, which of those there are
_ipck_arguments()
{
	local i
	position=0 last=$cword options=' '
	for ((i = $1; i < cword; i++)); do
		if [[ ${words[i]} == -?* ]]; then
			options+="${words[i]} "
			[[ -z $(_ipck_takes "${words[i]}" <<<"$help") ]] || i=$((i + 1))
		elif ((position++ == 1)); then
			last=$i
		fi
	done
}

_ipck_offer_arguments()
{
	local position last options kind=NAME
	_ipck_arguments "$1"
	[[ $options != *\ --to[\ =]* && $options != *' -T '* ]] || return
	if [[ ${words[1]} == shm || $options =~ ' '(-s|--shm)' ' && ${words[1]} == unlink ]]; then
		kind=SEGMENT
	fi
	[[ $usage != *' SIZE NAME'* ]] || position=$((position - 1))
	if [[ $usage == *'NAME|#ID...'* ]] || ((position == 0)); then
		[[ $usage != *'NAME|#ID'* ]] || _ipck_offer_names "$kind"
	elif [[ $usage == *'] COMMAND ['* ]]; then
		_command_offset "$last"
	fi
}

# shellcheck disable=SC2034,SC2154 # bash-completion sets and reads some
_ipck()
{
	local cur prev words cword split ipck=$1 command help usage first=2
	_init_completion -s -n : || return
	command=${words[1]}
	if ((cword == 1)) || [[ $command == help ]]; then
		((cword > 2)) || mapfile -t words < <(_ipck_commands)
		((cword > 2)) || _ipck_offer "${words[@]}"
		return
	fi
	help=$("$ipck" help "$command" 2>/dev/null) || return
	usage=${help%%$'\n\n'*}
	if [[ $command == shm ]]; then
		first=3
		usage=$(grep -E "(^usage: ipck shm|^ +) ${words[2]} " <<<"$usage")
	fi
	local value
	value=$(_ipck_takes "$prev" <<<"$help")
	if ((cword < first)); then
		mapfile -t words < <(_ipck_commands shm)
		_ipck_offer "${words[@]}"
	elif [[ -n $value ]]; then
		_ipck_offer_value "$value"
	elif [[ $cur == -* ]]; then
		mapfile -t words < <(_ipck_options <<<"$help")
		_ipck_offer "${words[@]}"
	else
		_ipck_offer_arguments "$first"
	fi
}

complete -F _ipck ipck
