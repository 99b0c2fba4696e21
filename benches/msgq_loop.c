/*
 * What rmsgq is measured against: loops of msgsnd(2) and msgrcv(2), or of mq_send(3) and
 * mq_receive(3).
 *
 *   msgq_loop send QUEUE COUNT SIZE    sends COUNT messages of SIZE bytes
 *   msgq_loop recv QUEUE COUNT         takes COUNT messages and throws them away
 *   msgq_loop feed QUEUE COUNT SIZE    sends COUNT lines of SIZE bytes from standard input
 *   msgq_loop drain QUEUE COUNT        takes COUNT messages and writes them as lines
 *
 * The first two are bare: they read and write nothing, which no tool can match. The other two move
 * the bytes that a tool has to move, through stdio, and do no more.
 *
 * QUEUE is a System V identifier, or the name of a POSIX queue with its slash.
 */
#include <fcntl.h>
#include <mqueue.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>

/* The longest message that the benchmark sends, and that a queue takes by default. */
enum { ROOM = 8192, STDIO_BUFFER = 64 * 1024 };

/* The text has room for the end of its line, which is not sent. */
static struct {
    long type;
    char text[ROOM + 1];
} message = {.type = 1};

static void give_up(const char *what)
{
    perror(what);
    exit(1);
}

static void send_loop(int queue, int posix, long count, size_t size, int feeds)
{
    while (count-- > 0) {
        if (feeds && fread(message.text, 1, size + 1, stdin) != size + 1)
            give_up("standard input");
        int sent = posix ? mq_send(queue, message.text, size, 0) : msgsnd(queue, &message, size, 0);
        if (sent == -1)
            give_up("cannot send");
    }
}

static void receive_loop(int queue, int posix, long count, int drains)
{
    while (count-- > 0) {
        ssize_t size = posix ? mq_receive(queue, message.text, ROOM, NULL) : msgrcv(queue, &message, ROOM, 0, 0);
        if (size == -1)
            give_up("cannot receive");
        message.text[size] = '\n';
        if (drains && fwrite(message.text, 1, size + 1, stdout) != (size_t)size + 1)
            give_up("standard output");
    }
    if (fflush(stdout) != 0)
        give_up("standard output");
}

int main(int argc, char **argv)
{
    const char *verb = argc > 1 ? argv[1] : "";
    int feeds = strcmp(verb, "feed") == 0;
    int drains = strcmp(verb, "drain") == 0;
    int sends = feeds || strcmp(verb, "send") == 0;
    if (!sends && !drains && strcmp(verb, "recv") != 0)
        argc = 0;
    if (argc != (sends ? 5 : 4)) {
        fputs("usage: msgq_loop send|feed QUEUE COUNT SIZE | recv|drain QUEUE COUNT\n", stderr);
        return 2;
    }
    size_t size = sends ? (size_t)atol(argv[4]) : 0;
    if (size > ROOM) {
        fputs("msgq_loop: SIZE is above 8192\n", stderr);
        return 2;
    }
    memset(message.text, 'x', ROOM);
    setvbuf(feeds ? stdin : stdout, NULL, _IOFBF, STDIO_BUFFER);

    int posix = argv[2][0] == '/';
    int queue = posix ? mq_open(argv[2], sends ? O_WRONLY : O_RDONLY) : atoi(argv[2]);
    if (queue == -1)
        give_up(argv[2]);
    if (sends)
        send_loop(queue, posix, atol(argv[3]), size, feeds);
    else
        receive_loop(queue, posix, atol(argv[3]), drains);
    return 0;
}
