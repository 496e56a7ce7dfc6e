/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _IPCMBOX_CALL_H
#define _IPCMBOX_CALL_H

struct ipcmbox_handle;
struct ipcmbox_ioctl;

/**
 * DOC: Calls
 *
 * A call is a send that waits until its message is handled, and then has a reply to receive. The
 * request takes the send path. The reply is a message too, imported by the server, but it goes
 * through no queue: it is handed to the waiting caller under the port's lock, and the caller copies
 * it out as its own, with no lock held and nobody waiting. What cannot be copied is kept for
 * another try, by the same cookie that a call is resumed with: the token of its request.
 */

long ipcmbox_call_call(struct ipcmbox_ioctl *call);
long ipcmbox_call_reply(struct ipcmbox_ioctl *call);
long ipcmbox_call_reply_recv(struct ipcmbox_ioctl *call);
long ipcmbox_call_settle(struct ipcmbox_ioctl *call);

void ipcmbox_call_close(struct ipcmbox_handle *handle);

#endif /* _IPCMBOX_CALL_H */
