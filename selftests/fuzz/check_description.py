#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""check_description.py HEADER DESCRIPTION <LAYOUT

Says what a description of the ABI for syzkaller lacks, and where it differs from the header: every
command, structure and member is in it, each member has its place and size, and every name exists.
LAYOUT is what scripts/check's layout prints: the end of the first byte of each member, and sizes.
"""
import re
import sys

RESOURCES = {'fd': 4, 'pid': 4, 'uid': 4, 'gid': 4, 'fd_event': 4}
# Commands whose structure is in pages, and what is not part of a structure of a command; a ring of
# io_uring is in pages, too
IN_PAGES = {'channel_lane', 'channel_board', 'channel_ack', 'channel_acks', 'channel_header',
            'channel_record', 'uring'}


def arguments(text):
    """What is between the brackets, split at commas that are not in others."""
    parts, depth = [''], 0
    for char in text[text.index('[') + 1:text.rindex(']')]:
        depth += (char == '[') - (char == ']')
        if char == ',' and not depth:
            parts.append('')
        else:
            parts[-1] += char
    return [part.strip() for part in parts]


def size_of(kind, resources):
    """Bytes of a type, 0 if it is not known."""
    name = kind.split('[')[0]
    if name in resources:
        return resources[name]
    if re.fullmatch(r'int(8|16|32|64)', name):
        return int(name[3:]) // 8
    if name == 'ptr64':
        return 8
    if name in ('const', 'flags', 'len', 'bytesize'):
        return size_of(arguments(kind)[-1], resources)
    if name == 'array':
        element, count = arguments(kind)
        return size_of(element, resources) * int(count)
    return 0


def read_structures(description, resources):
    """By name: the size, and the offset and size of each member."""
    structures = {}
    for name, body in re.findall(r'^(?:type )?ipcmbox_(\w+)(?:\[[^\n]*\])? \{\n(.*?)^\}', description,
                                 re.M | re.S):
        offset, members = 0, {}
        for line in body.splitlines():
            member, kind = line.split(None, 1)
            kind = re.sub(r'\s+\((in|out|inout)\)$', '', kind)
            size = size_of(kind, resources)
            align = 1 if kind.startswith('array') else size or 1
            offset = (offset + align - 1) // align * align
            members[member] = (offset, size)
            offset += size
        structures[name] = ((offset + 7) // 8 * 8 if any(size == 8 for _, size in members.values())
                            else offset, members)
    return structures


def read_layout(lines):
    """The same of the header, without the sizes of members."""
    structures = {}
    for name, number in (line.split() for line in lines):
        match = re.fullmatch(r'end_of_ipcmbox_(\w+?)__(\w+)', name)
        if match:
            member = match[2]
            structures.setdefault(match[1], [0, {}])[1][member] = int(number, 16) - 1
        else:
            structures.setdefault(name.removeprefix('size_of_ipcmbox_'), [0, {}])[0] = \
                int(number, 16)
    return structures


def compare(header, description):
    for name, (size, members) in sorted(header.items()):
        if name in IN_PAGES:
            continue
        if name not in description:
            yield f'no struct ipcmbox_{name}'
            continue
        own_size, own = description[name]
        if own_size != size:
            yield f'struct ipcmbox_{name} has {size} bytes, not {own_size}'
        if list(own) != sorted(members, key=members.get):
            yield f'struct ipcmbox_{name} has other members'
            continue
        for member, offset in members.items():
            if own[member][0] != offset or not own[member][1]:
                yield f'ipcmbox_{name}.{member} is at {offset}, not {own[member][0]}'


def main():
    header = open(sys.argv[1], encoding='utf-8').read()
    description = re.sub(r'^#.*\n', '', open(sys.argv[2], encoding='utf-8').read(), flags=re.M)
    resources = dict(RESOURCES)
    for name, base in re.findall(r'^resource (\w+)\[(\w+)\]', description, re.M):
        resources[name] = resources.get(base) or int(base[3:]) // 8

    layout = read_layout(sys.stdin)
    for line in compare(layout, read_structures(description, resources)):
        print(line)
    for command in re.findall(r'#define (IPCMBOX_IOC_\w+)', header):
        if command != 'IPCMBOX_IOC_MAGIC' and not re.search(rf'ioctl\${command}', description):
            print(f'no command {command}')
    for name in sorted(set(re.findall(r'\bIPCMBOX_(?!IOC_(?:WRITE|READ)_)\w+', description))):
        if not re.search(rf'#define {name}\b', header) and not re.search(
                rf'ioctl\${name}\(', description):
            print(f'not in the header: {name}')
    for element, size in re.findall(r'ipcmbox_(?:list|vector)\[ipcmbox_(\w+), (\d+)\]', description):
        if layout[element][0] != int(size):
            print(f'struct ipcmbox_{element} has {layout[element][0]} bytes, not {size}')
    for element, size in re.findall(r'array\[ipcmbox_(\w+)\]\].*?const\[(\d+), int32\]', description,
                                    re.S):
        if layout[element][0] != int(size):
            print(f'struct ipcmbox_{element} has {layout[element][0]} bytes, not {size}')


main()
