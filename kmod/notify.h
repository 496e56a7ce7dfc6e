/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _IPCMBOX_NOTIFY_H
#define _IPCMBOX_NOTIFY_H

struct ipcmbox_handle;
struct ipcmbox_ioctl;
struct ipcmbox_message;
struct ipcmbox_notification;
struct ipcmbox_port;
struct ipcmbox_wakes;

/**
 * DOC: Notification
 *
 * A process can leave word with a port that it wants to be told when there is something to receive
 * and there was nothing before; as mq_notify(3), once. Told means a signal, or an eventfd.
 *
 * There is nothing to receive when no message is queued and none is pending, so that a rendezvous
 * tells of a sender that waits. A message that comes back (a receive has failed, a lease is over)
 * is told of like a new one: nobody would be told of those that follow it otherwise, as the port
 * is not empty then. A message that a waiting receiver takes is not told of.
 *
 * The registration hangs on the port and is taken off under its lock, by whoever has something to
 * tell, by the process that made it, and by the closing of the handle it was made on. It is
 * delivered by whoever took it off to tell, once the lock is dropped; so a process that takes it
 * back may still be told in the same moment. The process is known by its pid. If it has died
 * without closing the handle (it shared its descriptor table), or is another program by now, the
 * registration is void.
 *
 * No module can send a signal with a value to a process as a whole; what it can do is choose a
 * thread as the kernel itself would: one that does not block the signal. The thread that registered
 * comes first, as it is that which waits for the signal if all of them block it (sigwaitinfo(2),
 * signalfd(2)).
 */

size_t ipcmbox_notify_state(struct ipcmbox_port *port, char *text, size_t size);
void ipcmbox_notify_arrival(struct ipcmbox_port *port, const struct ipcmbox_message *message,
			    struct ipcmbox_wakes *wakes);
void ipcmbox_notify_deliver(struct ipcmbox_notification *notification);

void ipcmbox_notify_flush(struct ipcmbox_handle *handle);
void ipcmbox_notify_close(struct ipcmbox_handle *handle);

long ipcmbox_notify_ioctl(struct ipcmbox_ioctl *call);

#endif /* _IPCMBOX_NOTIFY_H */
