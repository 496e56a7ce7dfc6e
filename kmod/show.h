/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _IPCMBOX_SHOW_H
#define _IPCMBOX_SHOW_H

struct file;
struct seq_file;

/**
 * DOC: Looking from outside
 *
 * /proc/PID/fdinfo/FD tells what mailbox or segment a descriptor is, and debugfs ipcmbox/mailboxes
 * lists all mailboxes of all namespaces for the administrator, ipcmbox/segments all segments. Both
 * are text for people; programs use ioctl(LIST) and ioctl(STAT).
 */

void ipcmbox_show_fdinfo(struct seq_file *m, struct file *file);
void ipcmbox_show_segment_fdinfo(struct seq_file *m, struct file *file);
void ipcmbox_show_init(void);
void ipcmbox_show_exit(void);

#endif /* _IPCMBOX_SHOW_H */
