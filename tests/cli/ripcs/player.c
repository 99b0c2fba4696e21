/* A player of the stage plays: does one thing at an object, says "ready" and stays, until told otherwise.
 * Nothing of ours is in it. */
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <unistd.h>

static void need(int ok, const char *what)
{
	if (!ok) {
		perror(what);
		exit(1);
	}
}

static void stay(void)
{
	puts("ready");
	fflush(stdout);
	for (;;)
		pause();
}

int main(int count, char **word)
{
	const char *role = word[1], *name = count > 2 ? word[2] : "";
	int id = atoi(name);
	if (!strcmp(role, "attach-rw")) {
		need(shmat(id, NULL, 0) != (void *)-1, role);
		stay();
	} else if (!strcmp(role, "attach-r")) {
		need(shmat(id, NULL, SHM_RDONLY) != (void *)-1, role);
		stay();
	} else if (!strcmp(role, "map")) {
		int fd = shm_open(name, O_RDWR, 0);
		need(fd >= 0 && mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) != MAP_FAILED, role);
		close(fd);
		stay();
	} else if (!strcmp(role, "open")) {
		need(shm_open(name, O_RDONLY, 0) >= 0, role);
		stay();
	} else if (!strcmp(role, "sem_wait")) {
		sem_t *sem = sem_open(name, 0);
		need(sem != SEM_FAILED, role);
		sem_wait(sem);
	} else if (!strcmp(role, "semop")) {
		struct sembuf ops = { atoi(word[3]), atoi(word[4]), 0 };
		semop(id, &ops, 1);
	} else if (!strcmp(role, "mq_receive")) {
		char text[8192];
		mqd_t queue = mq_open(name, O_RDONLY);
		need(queue != (mqd_t)-1, role);
		mq_receive(queue, text, sizeof text, NULL);
	} else if (!strcmp(role, "mq_send")) {
		mqd_t queue = mq_open(name, O_WRONLY);
		need(queue != (mqd_t)-1, role);
		for (;;)
			mq_send(queue, "x", 1, 0);
	} else if (!strcmp(role, "mq_notify")) {
		struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
		mqd_t queue = mq_open(name, O_RDONLY);
		need(queue != (mqd_t)-1 && mq_notify(queue, &event) == 0, role);
		stay();
	} else if (!strcmp(role, "called")) {
		prctl(PR_SET_NAME, word[3]);
		need(shmat(id, NULL, 0) != (void *)-1, role);
		stay();
	}
	return 0;
}
