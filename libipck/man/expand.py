#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""expand.py [--check] OUT HEADER PAGE...

Makes manual pages of PAGEs, in OUT/man3 and so on. A page is written in mdoc(7); what the comments
of HEADER say it takes from there, so that it is said once:

    @name FUNCTION...   what the page is about and is found by
    @functions          their prototypes
    @describe           what they do, a subsection each
    @returns            what they return
    @type NAME          a structure or an enum, in a subsection
    @doc TITLE          the text of a DOC comment and the constants after it, in a subsection
    @text TITLE         the same without a heading
    @commands           the commands of the ABI, and their structures

With --check it says what of HEADER no page has.
"""
import errno
import re
import sys
from pathlib import Path

ERRORS = '|'.join(sorted(errno.errorcode.values(), key=len, reverse=True))
# What is marked in a text, and the macro that does it
MARKS = [
    (r'``([^`]+)``', 'Ql'),
    (r'(?<!\w)\*([A-Za-z][^*]*)\*', 'Em'),
    (r'\b(ipck_\w+)\(\)', 'Fn'),
    (r'\b([a-z_][\w-]*\(\d\))', 'Xr'),
    (r'%(_?\w+)', 'Dv'),
    (r'&((?:struct|enum) \w+)', 'Vt'),
    (r'&(\w+\.\w+(?:\[\d\])?)', 'Va'),
    (r'@(\w+(?:->\w+)?)', 'Fa'),
    (rf'(-?\b(?:{ERRORS})\b)', 'Er'),
    (r'\b((?:IPCK|IPCMBOX|O|F_SEAL|PROT|MAP|MADV|CLOCK|SI|FD|CAP|RLIMIT|SA)_[A-Z0-9_]+)\b', 'Dv'),
]
MARKED = re.compile('|'.join(f'(?:{pattern})' for pattern, _ in MARKS))


class Comment:
    """A kernel-doc comment and the code after it."""

    def __init__(self, text, code):
        lines = [re.sub(r'^ ?\* ?', '', line) for line in text.split('\n')]
        head = lines.pop(0)
        while lines and lines[0].startswith('\t'):
            head += ' ' + lines.pop(0).strip()
        self.is_doc = head.startswith('DOC: ')
        self.name, _, self.summary = head.removeprefix('DOC: ').partition(' - ')
        self.key = self.name if self.is_doc else self.name.removesuffix('()')
        self.code, self.members = code.strip(), []
        while lines and lines[0].startswith('@'):
            name, about = re.match(r'@(\w+): ?(.*)', lines.pop(0)).groups()
            while lines and lines[0].startswith('\t'):
                about += ' ' + lines.pop(0).strip()
            self.members.append((name, about))
        self.blocks = list(split(lines))


def read(header):
    """The comments of a header, by what they are about."""
    text = Path(header).read_text(encoding='utf-8')
    parts = re.split(r'^/\*\*(?:\n \*)? (.*?)\s*\*/$', text, flags=re.M | re.S)
    comments = [Comment(*pair) for pair in zip(parts[1::2], parts[2::2])]
    return {comment.key: comment for comment in comments}


def split(lines):
    """The blocks of a comment: what they are, and their text or lines."""
    while lines:
        if not lines[0]:
            lines.pop(0)
        elif lines[0].startswith('==='):
            end = lines.index('') if '' in lines else len(lines)
            yield 'table', lines[:end]
            del lines[:end]
        elif lines[0].startswith('\t'):
            end = next((i for i, line in enumerate(lines) if line and line[0] != '\t'), len(lines))
            yield 'literal', [line.expandtabs(8) for line in lines[:end]]
            del lines[:end]
        else:
            end = next((i for i, line in enumerate(lines) if not line), len(lines))
            yield 'text', ' '.join(line.strip() for line in lines[:end]).replace('::', ':')
            del lines[:end]


def plain(text):
    """Text that roff takes as it is, a sentence a line."""
    for line in re.split(r'(?<=[.;:?!)]) +(?=[A-Z(])', text.strip()):
        if line:
            yield ('\\&' if line[0] in ".'" else '') + line.replace('\\', '\\e')


def marked(text):
    """A text in mdoc. What touches a marked word is put to it."""
    lines, rest = [], re.sub(r'\s+', ' ', text)
    while match := MARKED.search(rest):
        word = next(i for i, group in enumerate(match.groups()) if group)
        before, after = rest[:match.start()], rest[match.end():]
        prefix = re.search(r'\S*$', before).group()
        suffix = re.match(r'\S*', after).group()
        if follows := MARKED.search(suffix):
            suffix = suffix[:follows.start()]
        lines += plain(before[:len(before) - len(prefix)])
        lines.append('.' + macro(MARKS[word][1], match.group(word + 1), prefix, suffix) +
                     (' Ns' if follows else ''))
        rest = after[len(suffix):]
    return lines + list(plain(rest))


def macro(name, word, prefix, suffix):
    """A macro with its word, and with what is before and after that without a space."""
    opening, glued = re.match(r'([(\[]*)(.*)', prefix).groups()
    glue, closing = re.match(r'(.*?)([.,;:?!)\]]*)$', suffix).groups()
    if name == 'Xr':
        word = word[:-3] + ' ' + word[-2]
    else:
        word = word.replace('-', '\\-', 1) if name == 'Er' else word
        word = f'"{word}"' if ' ' in word else word
    parts = [*opening, word]
    if glued:
        parts = [*opening, glued, 'Ns', name, word]
        name = 'No'
    if glue:
        parts += ['Ns', 'No', '\\&' + glue]
    return ' '.join([name, *parts, *closing])


def table(lines):
    """Two columns are a list; more are shown as they are."""
    columns = [match.start() for match in re.finditer('=+', lines[0])]
    if len(columns) > 2:
        return literal([re.sub('[%&]', '', line) for line in lines if line[0] != '='])
    rows = []
    for line in lines:
        if line[0] == '=':
            continue
        if line.startswith(' '):
            rows[-1][1] += ' ' + line.strip()
        else:
            rows.append(line.split(None, 1))
    return tagged('Er', rows)


def literal(lines):
    while not lines[-1]:
        lines = lines[:-1]
    indent = min(len(line) - len(line.lstrip()) for line in lines if line)
    lines = [line[indent:].replace('\\', '\\e') for line in lines]
    return ['.Bd -literal -offset indent', *(re.sub(r"^(?=[.'])", r'\\&', line) for line in lines),
            '.Ed']


def tagged(name, pairs, width='Ds'):
    if not pairs:
        return []
    lines = [f'.Bl -tag -width {width}']
    for word, text in pairs:
        lines += [f'.It {name} {word}'.replace(' -', ' \\-'), *marked(text)]
    return lines + ['.El']


def body(blocks):
    lines = []
    for kind, content in blocks:
        if kind == 'text':
            lines += ['.Pp', *marked(content)]
        else:
            lines += table(content) if kind == 'table' else literal(content)
    return lines


def is_return(block):
    return block[0] == 'text' and block[1].startswith('Return: ')


def prototype(comment):
    code = re.sub(r'\s+', ' ', comment.code.split(';')[0])
    kind, name, arguments = re.match(r'(.*?)(\w+)\((.*)\)$', code).groups()
    return [f'.Ft "{kind.strip()}"', f'.Fo {name}',
            *(f'.Fa "{argument.strip()}"' for argument in arguments.split(',')), '.Fc']


def description(comment):
    """Of a function."""
    summary = comment.summary[0].upper() + comment.summary[1:] + '.'
    lines = [f'.Ss {comment.name}', *marked(summary), *tagged('Fa', comment.members)]
    return lines + body(block for block in comment.blocks if not is_return(block))


def results(comment):
    """Of a function."""
    lines = []
    for _, text in filter(is_return, comment.blocks):
        text = text.removeprefix('Return: ')
        lines += [f'.It Fn {comment.key}', *marked(text[0].upper() + text[1:])]
    return lines


def kind(comment):
    """A structure or an enum."""
    summary = comment.summary[0].upper() + comment.summary[1:] + '.'
    lines = [f'.Ss {comment.name}', *marked(summary)]
    if comment.name.startswith('struct'):
        code = comment.code.split('\n};')[0] + '\n};'
        lines += literal([line.expandtabs(8) for line in code.split('\n')])
        return lines + tagged('Va', comment.members) + body(comment.blocks)
    return lines + tagged('Dv', comment.members) + body(comment.blocks)


def constants(code):
    """Pairs of a name and what is said behind it, or before it, or else its value."""
    code = re.split(r'^(?:struct|enum|int|ssize_t) ', code.replace('\\\n', ''), flags=re.M)[0]
    pairs, said, end = [], '', 0
    for match in re.finditer(r'/\*(.*?)\*/|#define (\w+(?:\(\w+\))?)\s+((?:[^/\n]|/(?!\*))*)', code,
                             re.S):
        comment, name, value = (group and group.strip() for group in match.groups())
        if name and not name.startswith('__'):
            shown = f' No {value}' if re.search('_(MAX|DEFAULT|UNBOUNDED)$', name) else ''
            pairs.append([name + shown, said or ('' if shown else value)])
            said = ''
        elif comment:
            comment = re.sub(r'\n \* ?', ' ', comment).strip()
            if pairs and '\n' not in code[end:match.start()]:
                pairs[-1][1] = comment
            else:
                said = comment
        end = match.end()
    return pairs


def document(comment):
    """The text of a DOC comment and its constants."""
    return body(comment.blocks) + tagged('Dv', constants(comment.code))


def heading(title):
    return re.sub(r'[%&@]', '', title)


def commands(header):
    """Names and structures, of those that have one."""
    text = Path(header).read_text(encoding='utf-8').replace('\\\n', '')
    found = re.findall(r'^#define (IPCMBOX_IOC_\w+)\s.*(struct \w+)', text, re.M)
    return tagged('Dv', [(name, '&' + structure) for name, structure in found], '26n -compact')


class Book:
    """Pages, and what of a header they have."""

    def __init__(self, header):
        self.header, self.comments, self.used = header, read(header), set()

    def take(self, key):
        if key not in self.comments:
            sys.exit(f'{self.header} has no {key}')
        self.used.add(key)
        return self.comments[key]

    def directive(self, word, rest, functions):
        """The lines for a directive."""
        if word == '@name':
            functions += map(self.take, rest.split())
            return [f'.Nm {function.key} ,' for function in functions[:-1]] + [
                f'.Nm {functions[-1].key}']
        if word == '@functions':
            return [line for function in functions for line in prototype(function)]
        if word == '@describe':
            return [line for function in functions for line in description(function)]
        if word == '@returns':
            return ['.Bl -tag -width Ds',
                    *(line for function in functions for line in results(function)), '.El']
        if word == '@type':
            return kind(self.take(rest))
        if word == '@doc':
            return [f'.Ss {heading(rest)}', *document(self.take(rest))]
        if word == '@text':
            return document(self.take(rest))
        if word == '@commands':
            return commands(self.header)
        sys.exit(f'no directive {word}')

    def expand(self, page):
        """The page, and by which names it is found."""
        lines, functions = [], []
        for line in Path(page).read_text(encoding='utf-8').splitlines():
            if line.startswith('@'):
                word, _, rest = line.partition(' ')
                lines += self.directive(word, rest, functions)
            else:
                lines.append(line)
        names = [function.key for function in functions]
        return tidy(lines, names), names


def tidy(lines, names):
    """A text in which functions of other pages are references, and paragraphs begin once."""
    result = []
    for line in lines:
        if line == '.Pp' and result and re.match(r'\.(Ss|Sh|Pp|It)', result[-1]):
            continue
        result.append(re.sub(r'\bFn (ipck_\w+)', lambda match: match.group() if match.group(1) in names
                             else f'Xr {match.group(1)} 3', line) if line.startswith('.') else line)
    return '\n'.join(result) + '\n'


def main():
    check = sys.argv[1] == '--check'
    out, header, *pages = sys.argv[1 + check:]
    book = Book(header)
    for page in pages:
        name = Path(page).name.removesuffix('.in')
        section = name[-1]
        directory = Path(out) / f'man{section}'
        directory.mkdir(parents=True, exist_ok=True)
        text, names = book.expand(page)
        for other in names:
            (directory / f'{other}.{section}').write_text(f'.so man{section}/{name}\n')
        (directory / name).write_text(text, encoding='utf-8')
    for key in book.comments if check else ():
        if key not in book.used:
            print(f'{header}: no page has {key}')


if __name__ == '__main__':
    main()
