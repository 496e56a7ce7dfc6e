# SPDX-License-Identifier: GPL-2.0-only
"""Turns what ipck/_abi.py says about ipck.h into C that compiles if it is true.

    check_abi.py _ABI.PY | gcc -fsyntax-only -Ilibipck/include -x c -
"""

import ctypes
import runpy
import sys

abi = runpy.run_path(sys.argv[1])
structures = [value for value in abi.values()
              if isinstance(value, type) and issubclass(value, ctypes.Structure)
              and value is not ctypes.Structure]
constants = [name for name, value in abi.items() if name.isupper() and isinstance(value, int)]
claims = [f"IPCK_{name} == {abi[name]}U" for name in constants]
for structure in structures:
    name = structure.__name__
    claims.append(f"sizeof(struct {name}) == {ctypes.sizeof(structure)}")
    for member, _ in structure._fields_:
        place = getattr(structure, member)
        claims.append(f"offsetof(struct {name}, {member}) == {place.offset}")
        claims.append(f"sizeof(((struct {name} *)0)->{member}) == {place.size}")

# Nothing that is claimed must not pass for nothing that is wrong.
assert len(structures) > 10 and len(constants) > 30
print("#include <ipck.h>")
for claim in claims:
    print(f'_Static_assert({claim}, "as in ipck.h");')
