/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Export: what the shared library shows; all else is hidden. */
#ifndef IPCK_EXPORT_H
#define IPCK_EXPORT_H

#define IPCK_API __attribute__((visibility("default")))

#endif /* IPCK_EXPORT_H */
