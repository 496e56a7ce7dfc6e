/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Help: how the bridge is used; of ipck and of the program it runs. */
#ifndef IPCK_BRIDGE_HELP_H
#define IPCK_BRIDGE_HELP_H

#define BRIDGE_SUMMARY "connect mailboxes to a broker (MQTT 5)"

#define BRIDGE_USAGE \
	"[OPTION...] --out NAME[=TOPIC]|--in TOPIC=NAME..."

#define BRIDGE_HELP \
	"  -o, --out NAME[=TOPIC]      publish the messages of a mailbox\n" \
	"  -i, --in TOPIC=NAME         subscribe, and send what comes to a mailbox\n" \
	"  -b, --broker HOST[:PORT]    or the path of a socket; localhost by default\n" \
	"  -I, --id ID                 who this bridge is; ipck-HOSTNAME by default\n" \
	"  -E, --events LIST           of event mailboxes only these bits: numbers from 0\n" \
	"                              to 60, with commas between them; all by default\n" \
	"  -L, --lease T               how long a message is kept if the bridge hangs; 60s\n" \
	"                              by default\n" \
	"  -w, --window N              messages under way for each --out and --in; 20 by\n" \
	"                              default\n" \
	"  -k, --keep T                how long the broker keeps what is for a bridge that\n" \
	"                              is not there; 168h by default\n" \
	"  -s, --subscribed            what nobody has subscribed to stays in its mailbox\n" \
	"  -u, --user NAME             who to be for the broker\n" \
	"  -p, --password-file FILE    its first line is the password\n" \
	"  -t, --tls                   believe a broker that the system's authorities know\n" \
	"      --cafile FILE           ... or one of these authorities; PEM\n" \
	"      --cert FILE             the certificate of this bridge; PEM\n" \
	"      --key FILE              and its key; PEM\n" \
	"\n" \
	"A message leaves its mailbox when the broker has acknowledged it, and is\n" \
	"acknowledged to the broker when a mailbox has it. See ipck-bridge(1).\n"

#endif /* IPCK_BRIDGE_HELP_H */
