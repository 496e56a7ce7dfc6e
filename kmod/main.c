// SPDX-License-Identifier: GPL-2.0-only
/*
 * The module and its device.
 */
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>

#include "endpoint.h"
#include "ioctl.h"
#include "loan.h"
#include "mailbox.h"
#include "memory.h"
#include "message.h"
#include "quota.h"
#include "registry.h"
#include "show.h"

static int device_open(struct inode *inode, struct file *file)
{
	file->private_data = ipcmbox_registry_open();
	return file->private_data ? 0 : -ENOMEM;
}

static int device_release(struct inode *inode, struct file *file)
{
	ipcmbox_registry_close(file->private_data);
	return 0;
}

static const struct file_operations device_fops = {
	.owner = THIS_MODULE,
	.open = device_open,
	.release = device_release,
	.unlocked_ioctl = ipcmbox_ioctl_device,
	.compat_ioctl = compat_ptr_ioctl,
};

/* Open to everybody: mailboxes and segments have owners and modes, and users have budgets. */
static struct miscdevice device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "ipcmbox",
	.mode = 0666,
	.fops = &device_fops,
};

static int __init ipcmbox_init(void)
{
	int ret;

	ipcmbox_quota_init();

	ret = ipcmbox_memory_init();
	if (ret)
		return ret;

	ret = ipcmbox_message_init();
	if (ret)
		return ret;

	ret = ipcmbox_loan_init();
	if (ret)
		goto err_message;

	ret = ipcmbox_mailbox_init();
	if (ret)
		goto err_loan;

	ipcmbox_show_init();

	ret = misc_register(&device);
	if (ret)
		goto err_show;
	return 0;

err_show:
	ipcmbox_show_exit();
	ipcmbox_mailbox_exit();
err_loan:
	ipcmbox_loan_exit();
err_message:
	ipcmbox_message_exit();
	return ret;
}

static void __exit ipcmbox_exit(void)
{
	misc_deregister(&device);
	ipcmbox_show_exit();
	ipcmbox_registry_exit();
	ipcmbox_endpoint_exit();
	ipcmbox_mailbox_exit();
	ipcmbox_loan_exit();
	ipcmbox_message_exit();
	ipcmbox_memory_exit();
}

module_init(ipcmbox_init);
module_exit(ipcmbox_exit);

MODULE_DESCRIPTION("Mailboxes between processes: /dev/ipcmbox");
MODULE_LICENSE("GPL");
