/* The limit of a wrapper: one semop with undo on the set of a key, and the command.
 *
 * Usage: sem_exec KEY COMMAND [ARGUMENTS]. Compiled and started by `cargo bench`. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/ipc.h>
#include <sys/sem.h>
#include <unistd.h>

int main(int argc, char **argv) {
    struct sembuf take = {.sem_num = 0, .sem_op = -1, .sem_flg = SEM_UNDO};
    int set = argc > 2 ? semget((key_t)strtoul(argv[1], NULL, 0), 0, 0) : -1;
    if (set == -1 || semop(set, &take, 1) == -1) {
        perror("sem_exec");
        return 125;
    }
    execvp(argv[2], argv + 2);
    perror(argv[2]);
    return 127;
}
