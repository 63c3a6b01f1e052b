using System.Runtime.InteropServices;

namespace TinyWorker.Examples;

/// <summary>
/// Tells regular files from pipes, sockets and devices; .NET has no call for that.
/// On Linux it calls statx(2), whose structure is the same on every processor. On other systems every file counts as regular.
/// </summary>
internal static class DuplicatesFileType
{
    private const int CurrentFolder = -100;       // AT_FDCWD
    private const int DoNotFollowLinks = 0x100;   // AT_SYMLINK_NOFOLLOW
    private const uint TypeOnly = 0x1;            // STATX_TYPE
    private const int StructureSize = 256;
    private const int ModeOffset = 28;            // stx_mode, 16 bits
    private const int TypeMask = 0xF000;          // S_IFMT
    private const int RegularFile = 0x8000;       // S_IFREG

    /// <summary>False if the path is not a regular file. True if that is not known: such a path may fail when it is opened.</summary>
    public static bool MayBeRegular(string path)
    {
        if (!OperatingSystem.IsLinux())
            return true;

        var structure = new byte[StructureSize];
        return Statx(CurrentFolder, path, DoNotFollowLinks, TypeOnly, structure) != 0
            || (BitConverter.ToUInt16(structure, ModeOffset) & TypeMask) == RegularFile;
    }

    [DllImport("libc", EntryPoint = "statx")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Statx(
        int folder, [MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags, uint mask, [Out] byte[] structure);
}
