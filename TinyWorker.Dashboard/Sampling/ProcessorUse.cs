using System.Globalization;
using System.Text;

namespace TinyWorker.Dashboard.Sampling;

/// <summary>How many processors this process and its worker processes use. Not thread-safe.</summary>
/// <remarks>
/// It goes by the clock of the system, whatever the clock of the application is. Worker processes are counted on Linux only, where
/// the system has a file for each; elsewhere it would cost too much to look.
/// </remarks>
internal sealed class ProcessorUse
{
    private const double TicksPerSecond = 100;   // USER_HZ: the same on every architecture that .NET runs on
    private static readonly TimeSpan Least = TimeSpan.FromMilliseconds(100);

    private long _at;
    private TimeSpan _own;
    private Dictionary<int, (long Start, long Used)> _workers = [];
    private double _processors;

    /// <param name="processes">The worker processes that live.</param>
    /// <returns>From 0 to the number of processors, over the time since it was asked before; 0 at first.</returns>
    public double Since(IReadOnlyCollection<int> processes)
    {
        var at = TimeProvider.System.GetTimestamp();
        var elapsed = TimeProvider.System.GetElapsedTime(_at, at);
        if (_at != 0 && elapsed < Least) return _processors;   // too short to be true
        var own = OperatingSystem.IsBrowser() ? TimeSpan.Zero : Environment.CpuUsage.TotalTime;
        var workers = new Dictionary<int, (long Start, long Used)>();
        long used = 0;
        foreach (var process in processes)
        {
            if (Read(process) is not { } now) continue;
            workers[process] = now;
            // An id may belong to another process by now, which its start tells.
            if (_workers.TryGetValue(process, out var before) && before.Start == now.Start) used += now.Used - before.Used;
        }

        if (_at != 0)
        {
            var processors = ((own - _own).TotalSeconds + (used / TicksPerSecond)) / elapsed.TotalSeconds;
            _processors = Math.Round(Math.Clamp(processors, 0, Environment.ProcessorCount), 2);
        }

        (_at, _own, _workers) = (at, own, workers);
        return _processors;
    }

    // https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html: the name, in parentheses, may have anything in it. After it come the
    // fields from the third on; 14 and 15 are the times in user and in system mode, 22 is the start.
    private static (long Start, long Used)? Read(int process)
    {
        if (!OperatingSystem.IsLinux()) return null;
        Span<byte> buffer = stackalloc byte[1024];
        int length;
        try
        {
            using var file = File.OpenHandle(string.Create(CultureInfo.InvariantCulture, $"/proc/{process}/stat"));
            length = RandomAccess.Read(file, buffer, 0);
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return null;
        }

        var text = Encoding.ASCII.GetString(buffer[..length]);
        var fields = text[(text.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (fields.Length < 20) return null;
        return (Number(fields[19]), Number(fields[11]) + Number(fields[12]));

        static long Number(string field) => long.TryParse(field, CultureInfo.InvariantCulture, out var number) ? number : 0;
    }
}
