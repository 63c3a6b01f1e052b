using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using TinyWorker.Backends.Processes.Launching.Systems;

namespace TinyWorker.Backends.Processes.Launching;

/// <summary>
/// Where one child connects: a Unix domain socket in a folder that only this user may enter, with a name that cannot be guessed, gone as
/// soon as the child has connected. Whoever connects must know the secret besides.
/// </summary>
internal sealed class PrivateSocket : IDisposable
{
    // sun_path has 108 bytes on Linux and Windows and 104 on macOS, a zero at the end included.
    private const int LongestPath = 100;
    private const int Backlog = 16;

    private readonly string _folder;

    private PrivateSocket(string parent)
    {
        _folder = Path.Combine(parent, "tw-" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)));
        SocketPath = Path.Combine(_folder, "s");
        Listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            HostSystem.Current.MakePrivateFolder(_folder);
            Listener.Bind(new UnixDomainSocketEndPoint(SocketPath));
            Listener.Listen(Backlog);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public Socket Listener { get; }

    public string SocketPath { get; }

    public byte[] Secret { get; } = RandomNumberGenerator.GetBytes(Hello.SecretLength);

    public static PrivateSocket Open() => OpenIn([.. Folders().Select(Path.GetFullPath).Distinct()]);

    /// <summary>In the first of the folders that can hold it.</summary>
    public static PrivateSocket OpenIn(string[] folders)
    {
        Exception? cause = null;
        foreach (var folder in folders)
        {
            if (!Directory.Exists(folder) || Encoding.UTF8.GetByteCount(folder) > LongestPath - "/tw-/s".Length - 32) continue;
            try
            {
                return new PrivateSocket(folder);
            }
            catch (Exception e) when (e is SocketException or IOException or UnauthorizedAccessException)
            {
                // A folder that is not ours, or a file system without sockets (a share, a mounted Windows drive): try the next.
                cause = e;
            }
        }

        throw new IOException(
            $"No socket could be made in {string.Join(" or ", folders)}: a worker process needs one whose path has at most {LongestPath} bytes. "
            + "Point the folder of temporary files (TMPDIR, or TMP on Windows) to a local folder with a short path.",
            cause);
    }

    public void Dispose()
    {
        Listener.Dispose();
        Remove(_folder, SocketPath);
    }

    /// <summary>For the child: a parent that is killed between making it and taking the connections cannot remove it.</summary>
    public static void RemoveAbandoned(string socketPath) => Remove(Path.GetDirectoryName(socketPath)!, socketPath);

    private static IEnumerable<string> Folders()
    {
        yield return Path.GetTempPath();
        if (HostSystem.Current.ShortTempPath is { } shorter) yield return shorter;
    }

    private static void Remove(string folder, string socketPath)
    {
        try
        {
            File.Delete(socketPath);
            Directory.Delete(folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Never made, or removed by somebody who tidies up.
        }
    }
}
