/* The one function of Windows' bcryptprimitives.dll that Rust's standard library needs. Debian's
   Wine does not have it. */

#include <windows.h>

BOOLEAN NTAPI SystemFunction036(PVOID, ULONG);

__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE bytes, SIZE_T len)
{
    while (len > 0) {
        ULONG part = len > 0x10000000 ? 0x10000000 : (ULONG)len;
        if (!SystemFunction036(bytes, part))
            return FALSE;
        bytes += part;
        len -= part;
    }
    return TRUE;
}
