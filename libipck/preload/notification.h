/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Notification: what is to be done about it elsewhere. */
#ifndef IPCK_NOTIFICATION_H
#define IPCK_NOTIFICATION_H

/* ipck_notification_sweep() - a descriptor was closed: some may wait in vain */
void ipck_notification_sweep(void);

#endif /* IPCK_NOTIFICATION_H */
