using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace TinyWorker.RabbitMQ.Tests;

/// <summary>
/// What the nodes of one run of tests share: a folder of their own, a cookie, and an epmd (which tells nodes each other's ports) of their
/// own. All of it is gone when this process is.
/// </summary>
internal sealed class BrokerYard
{
    // Removes the folder at the end of its own standard input, after the nodes were killed.
    private const string Cleaner = "trap '' HUP INT TERM; while read -r _; do :; done; sleep 1; rm -rf -- \"$1\"";

    private readonly Process _cleaner;
    private readonly GuardedProcess _epmd;

    private BrokerYard(string folder, string cookie, int epmdPort, Process cleaner, GuardedProcess epmd) =>
        (Folder, Cookie, EpmdPort, _cleaner, _epmd) = (folder, cookie, epmdPort, cleaner, epmd);

    public string Folder { get; }

    public string Cookie { get; }

    public int EpmdPort { get; }

    public int EpmdProcessId => _epmd.Id;

    public static async Task<BrokerYard> MakeAsync()
    {
        BrokerInstallation.Require();
        var folder = Directory.CreateTempSubdirectory("tinyworker-brokers-").FullName;   // for this user alone
        var cleaner = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", Cleaner, "cleaner", folder]) { RedirectStandardInput = true })!;
        var port = FreePorts.Take();
        var log = Path.Join(folder, "epmd.log");
        var epmd = await GuardedProcess.StartAsync(
            log, new Dictionary<string, string>(), "epmd", "-port", $"{port}", "-address", "127.0.0.1");
        var yard = new BrokerYard(folder, Convert.ToHexString(RandomNumberGenerator.GetBytes(20)), port, cleaner, epmd);
        var clock = Stopwatch.StartNew();
        while (!await AcceptsAsync(port))
        {
            if (epmd.HasExited || clock.Elapsed > Within.Deadline)
                throw new AssertionException($"epmd does not listen on port {port}:\n{await File.ReadAllTextAsync(log)}");
            await Task.Delay(50);
        }

        return yard;
    }

    /// <summary>Ends epmd and removes the folder. The nodes have ended before.</summary>
    public async Task CloseAsync()
    {
        _epmd.Kill();
        await _epmd.WaitForExitAsync(Within.Deadline);
        _cleaner.StandardInput.Close();
        await Within.Time(_cleaner.WaitForExitAsync(), "the removal of " + Folder);
    }

    private static async Task<bool> AcceptsAsync(int port)
    {
        try
        {
            using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(IPAddress.Loopback, port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
