/*
 * What rmsgq is measured against: bare loops of msgsnd(2) and msgrcv(2), or of mq_send(3) and
 * mq_receive(3). Nothing is read, nothing is written, so no tool that moves real bytes can win.
 *
 *   msgq_loop send QUEUE COUNT SIZE    sends COUNT messages of SIZE bytes
 *   msgq_loop recv QUEUE COUNT         takes COUNT messages and throws them away
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
enum { ROOM = 8192 };

static struct {
    long type;
    char text[ROOM];
} message = {.type = 1};

static void give_up(const char *what)
{
    perror(what);
    exit(1);
}

static void send_system_v(int queue, long count, size_t size)
{
    while (count-- > 0)
        if (msgsnd(queue, &message, size, 0) == -1)
            give_up("msgsnd");
}

static void receive_system_v(int queue, long count)
{
    while (count-- > 0)
        if (msgrcv(queue, &message, ROOM, 0, 0) == -1)
            give_up("msgrcv");
}

static void send_posix(mqd_t queue, long count, size_t size)
{
    while (count-- > 0)
        if (mq_send(queue, message.text, size, 0) == -1)
            give_up("mq_send");
}

static void receive_posix(mqd_t queue, long count)
{
    while (count-- > 0)
        if (mq_receive(queue, message.text, ROOM, NULL) == -1)
            give_up("mq_receive");
}

static mqd_t open_posix(const char *name, int flags)
{
    mqd_t queue = mq_open(name, flags);
    if (queue == (mqd_t)-1)
        give_up(name);
    return queue;
}

int main(int argc, char **argv)
{
    int sends = argc == 5 && strcmp(argv[1], "send") == 0;
    int receives = argc == 4 && strcmp(argv[1], "recv") == 0;
    if (!sends && !receives) {
        fputs("usage: msgq_loop send QUEUE COUNT SIZE | recv QUEUE COUNT\n", stderr);
        return 2;
    }
    const char *queue = argv[2];
    long count = atol(argv[3]);
    size_t size = sends ? (size_t)atol(argv[4]) : 0;
    if (size > ROOM) {
        fputs("msgq_loop: SIZE is above 8192\n", stderr);
        return 2;
    }
    memset(message.text, 'x', ROOM);
    if (queue[0] == '/') {
        if (sends)
            send_posix(open_posix(queue, O_WRONLY), count, size);
        else
            receive_posix(open_posix(queue, O_RDONLY), count);
    } else if (sends) {
        send_system_v(atoi(queue), count, size);
    } else {
        receive_system_v(atoi(queue), count);
    }
    return 0;
}
