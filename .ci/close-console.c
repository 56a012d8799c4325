/* Starts a program, and tells it that its console is being closed as soon as stdin has a line or
   ends:

       close-console.exe PROGRAM [ARGUMENT...]

   Ends with the exit status of the program. Windows ends a program as soon as its handler of such
   an event returns; Wine does not, so this is status 99. */

#include <stdio.h>
#include <windows.h>

#define HANDLER_RETURNED 99

/* The command line after the first word, which is this program. */
static char *rest(char *line)
{
    int quoted = 0;
    for (; *line && (quoted || *line != ' '); line++)
        quoted ^= *line == '"';
    while (*line == ' ')
        line++;
    return line;
}

int main(void)
{
    STARTUPINFOA startup = {.cb = sizeof(startup)};
    PROCESS_INFORMATION program;
    HANDLE handler;
    DWORD status, returned;
    /* What Windows starts in a process as a thread for each event of its console. */
    LPTHREAD_START_ROUTINE routine =
        (LPTHREAD_START_ROUTINE)(void *)GetProcAddress(GetModuleHandleA("kernel32"), "CtrlRoutine");
    if (!routine)
        routine = (LPTHREAD_START_ROUTINE)(void *)GetProcAddress(
            GetModuleHandleA("kernelbase"), "CtrlRoutine");
    if (!routine ||
        !CreateProcessA(NULL, rest(GetCommandLineA()), NULL, NULL, TRUE, 0, NULL, NULL, &startup,
            &program)) {
        fprintf(stderr, "close-console: error %lu\n", GetLastError());
        return 1;
    }
    getchar();
    handler = CreateRemoteThread(
        program.hProcess, NULL, 0, routine, (void *)(ULONG_PTR)CTRL_CLOSE_EVENT, 0, NULL);
    /* The end of the process ends this thread too, with the same status. */
    WaitForSingleObject(handler, INFINITE);
    GetExitCodeThread(handler, &returned);
    WaitForSingleObject(program.hProcess, INFINITE);
    GetExitCodeProcess(program.hProcess, &status);
    return returned == status ? (int)status : HANDLER_RETURNED;
}
