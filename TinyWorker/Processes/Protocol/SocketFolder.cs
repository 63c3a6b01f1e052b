using System.Security.Cryptography;

namespace TinyWorker.Processes.Protocol;

/// <summary>
/// The private folder in which the parent's socket lies, and nothing else. The parent removes both when the child has connected. If the
/// parent is killed before, the child removes them: nobody else knows of the folder.
/// </summary>
internal static class SocketFolder
{
    /// <summary>How many bytes <see cref="NewSocketPath"/> adds to the path of the folder.</summary>
    public const int AddedLength = 6 + (2 * RandomBytes);   // "/tw-", the digits, "/s"

    private const int RandomBytes = 16;
    private const char Abstract = '\0';

    /// <summary>The path of a socket in a folder that cannot be guessed, inside of this one. Makes neither.</summary>
    public static string NewSocketPath(string parent) =>
        Path.Combine(parent, "tw-" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(RandomBytes)), "s");

    /// <summary>
    /// The name of a socket that is in no folder (Linux). Other users see it in a list of the system, and can connect to it: the secret
    /// keeps them out, and each side asks the system which user the other is.
    /// </summary>
    public static string NewAbstractName() =>
        Abstract + "tinyworker-" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(RandomBytes));

    public static bool IsAbstract(string socketPath) => socketPath[0] == Abstract;

    /// <summary>Removes the socket and its folder. Does nothing if they are not there.</summary>
    public static void Remove(string socketPath)
    {
        if (IsAbstract(socketPath)) return;   // it ends with its owner
        try
        {
            File.Delete(socketPath);
            Directory.Delete(Path.GetDirectoryName(socketPath)!);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Never made, or somebody else has removed it.
        }
    }
}
