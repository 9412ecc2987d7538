/* Rust takes random numbers from this function of Windows 10, which wine 8 does not have. */

__declspec(dllimport) unsigned char __stdcall SystemFunction036(void *, unsigned long);

__declspec(dllexport) int __stdcall ProcessPrng(unsigned char *bytes, unsigned long long length)
{
    const unsigned long long most = 0x10000000;
    while (length > 0) {
        unsigned long part = (unsigned long)(length > most ? most : length);
        if (!SystemFunction036(bytes, part)) return 0;
        bytes += part;
        length -= part;
    }
    return 1;
}
