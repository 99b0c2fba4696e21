/* A troupe: the first process of a pid namespace, whose players come and go with the pids that are wanted.
 * It obeys its standard input and answers each line with one:
 *   b PID    a player comes, with this pid where it can be had; 0 for any: its pid
 *   k PID    a player goes
 *   t PID c  it makes a segment: its identifier
 *   t PID a ID, t PID d  it attaches a segment and lets go of what it had, or only that
 *   o        what `ripcs orphans` says of segments
 * Nothing of ours is in it. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <unistd.h>

#define MOST 64

static struct { pid_t pid; FILE *to, *from; } players[MOST];

static void obey(FILE *orders, FILE *answers)
{
	char line[64];
	void *at = (void *)-1;
	while (fgets(line, sizeof line, orders)) {
		int id = 0;
		if (line[0] == 'c') {
			id = shmget(IPC_PRIVATE, 4096, 0600);
		} else {
			if (at != (void *)-1)
				shmdt(at);
			at = (void *)-1;
			if (line[0] == 'a') {
				id = atoi(line + 1);
				at = shmat(id, NULL, 0);
			}
		}
		fprintf(answers, "%d\n", line[0] == 'a' && at == (void *)-1 ? -1 : id);
		fflush(answers);
	}
	exit(0);
}

/* The process that comes next gets this pid, where it is free and we may choose. */
static void choose(pid_t pid)
{
	FILE *last = fopen("/proc/sys/kernel/ns_last_pid", "w");
	if (last) {
		fprintf(last, "%d", pid - 1);
		fclose(last);
	}
}

static int birth(pid_t wanted)
{
	int to[2], from[2], place = 0;
	while (place < MOST && players[place].pid)
		place++;
	if (place == MOST || pipe(to) || pipe(from))
		return -1;
	if (wanted)
		choose(wanted);
	pid_t pid = fork();
	if (pid == 0) {
		for (int other = 0; other < MOST; other++)
			if (players[other].pid) {
				fclose(players[other].to);
				fclose(players[other].from);
			}
		close(to[1]);
		close(from[0]);
		obey(fdopen(to[0], "r"), fdopen(from[1], "w"));
	}
	close(to[0]);
	close(from[1]);
	players[place].pid = pid;
	players[place].to = fdopen(to[1], "w");
	players[place].from = fdopen(from[0], "r");
	return pid;
}

static int tell(pid_t pid, const char *order, int id)
{
	int answer = -1;
	for (int place = 0; place < MOST; place++)
		if (players[place].pid == pid) {
			fprintf(players[place].to, "%s %d\n", order, id);
			fflush(players[place].to);
			if (fscanf(players[place].from, "%d", &answer) != 1)
				answer = -1;
		}
	return answer;
}

static int farewell(pid_t pid)
{
	for (int place = 0; place < MOST; place++)
		if (players[place].pid == pid) {
			kill(pid, SIGKILL);
			waitpid(pid, NULL, 0);
			fclose(players[place].to);
			fclose(players[place].from);
			players[place].pid = 0;
			return 0;
		}
	return -1;
}

static void orphans(void)
{
	/* Its pid is none that a player has had. */
	choose(20000);
	FILE *ripcs = popen("exec ripcs orphans segment --no-header -o object", "r");
	for (int c; ripcs && (c = getc(ripcs)) != EOF;)
		putchar(c == '\n' ? ' ' : c);
	puts(ripcs && pclose(ripcs) == 0 ? "." : "failed");
}

int main(void)
{
	char line[64], order[2];
	int pid, id;
	while (fgets(line, sizeof line, stdin)) {
		pid = id = 0;
		if (line[0] == 'o')
			orphans();
		else if (sscanf(line, "t %d %1s %d", &pid, order, &id) >= 2)
			printf("%d\n", tell(pid, order, id));
		else if (sscanf(line, "k %d", &pid) == 1)
			printf("%d\n", farewell(pid));
		else
			printf("%d\n", birth(atoi(line + 1)));
		fflush(stdout);
	}
	return 0;
}
