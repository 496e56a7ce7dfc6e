#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""check_pages.py MAN IPCK HEADER MAP [COMPILER...]

Says what the manual pages in MAN lack, and where they are wrong: every function of the library (its
linker MAP) has a page, every command of the kernel's HEADER is in ipcmbox(4), every command and
option of IPCK in ipck(1) or a page of the command's own, and no other, references lead to a page,
and the programs among the examples compile.
"""
import re
import subprocess
import sys
from pathlib import Path


def missing_functions(man, names):
    for name in names:
        if not (man / 'man3' / f'{name}.3').exists():
            yield f'{name} has no page'


def missing_commands(page, header):
    for name in re.findall(r'^#define (IPCMBOX_IOC_\w+)', header, re.M):
        if name != 'IPCMBOX_IOC_MAGIC' and not re.search(rf'\b{name}\b', page):
            yield f'ipcmbox.4 has no {name}'


def options_of_help(ipck, command):
    """The options that a command explains: -x, --long."""
    text = subprocess.run([ipck, 'help', command], capture_output=True, text=True,
                          check=True).stdout
    return set(re.findall(r'^ +((?:-\w, )?--[\w-]+)', text, re.M))


def options_of_page(section):
    found = re.findall(r'^\.It Fl (?:(\w) , )?-([\w-]+)', section, re.M)
    return {f'-{short}, --{name}' if short else f'--{name}' for short, name in found}


def wrong_options(pages, ipck):
    """Where the page of the tool, or of a command, is not what the tool says of itself."""
    page = pages['ipck.1']
    usage = subprocess.run([ipck, 'help'], capture_output=True, text=True, check=True).stdout
    commands = set(re.findall(r'^  (\w+)  +\S', usage, re.M)) - {'help', 'version'}
    sections = dict(re.findall(r'^\.Ss (\w+)\n(.*?)(?=^\.S[sh] )', page, re.M | re.S))
    for name in sorted(commands ^ set(sections)):
        yield f'ipck.1 and ipck help: one of them has no {name}'
    recv = options_of_page(sections.get('recv', ''))
    for name in sorted(commands & set(sections)):
        own = pages.get(f'ipck-{name}.1', sections[name])
        said, has = options_of_page(own), options_of_help(ipck, name)
        if '.Cm recv .\n' in sections[name]:        # where those of recv are explained
            said |= recv & has
        for option in sorted(said ^ has):
            yield f'ipck.1 and ipck help {name}: one of them has no {option}'


def dead_references(man, file, text):
    for name, section in re.findall(r'^\..*?\bXr ((?:ipck|libipck|ipcmbox)[\w-]*) (\d)', text, re.M):
        if not (man / f'man{section}' / f'{name}.{section}').exists():
            yield f'{file}: there is no {name}({section})'


def bad_programs(file, text, compiler):
    for program in re.findall(r'^\.Bd -literal[^\n]*\n(#include.*?)^\.Ed', text, re.M | re.S):
        program = program.replace('\\e', '\\').replace('\\&', '')
        done = subprocess.run([*compiler, '-x', 'c', '-fsyntax-only', '-'], input=program, text=True,
                              capture_output=True, check=False)
        if done.returncode:
            yield f'{file}: {done.stderr}'


def main():
    man, ipck, header, symbols, *compiler = sys.argv[1:]
    man = Path(man)
    pages = {page.name: page.read_text(encoding='utf-8') for page in sorted(man.glob('man?/*'))}
    names = re.findall(r'^\s*(ipck_\w+);', Path(symbols).read_text(encoding='utf-8'), re.M)
    if not names or not pages:
        sys.exit('there are no functions, or no pages')
    wrong = [*missing_functions(man, names),
             *missing_commands(pages['ipcmbox.4'], Path(header).read_text(encoding='utf-8')),
             *wrong_options(pages, ipck)]
    for file, text in pages.items():
        wrong += [*dead_references(man, file, text), *bad_programs(file, text, compiler)]
    for line in wrong:
        print(line)


if __name__ == '__main__':
    main()
