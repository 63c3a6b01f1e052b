using System.Diagnostics;

namespace TinyWorker.RabbitMQ.Tests;

/// <summary>The rabbitmq-server of this machine.</summary>
internal static class BrokerInstallation
{
    private const string Folder = "/usr/lib/rabbitmq/lib";

    /// <summary>The folder of RabbitMQ's own scripts; null if there is none. What Debian puts in front of them changes the user.</summary>
    public static string? Scripts { get; } = Directory.Exists(Folder)
        ? Directory.GetDirectories(Folder, "rabbitmq_server-*").Order(StringComparer.Ordinal).Select(folder => Path.Join(folder, "sbin"))
            .LastOrDefault(Directory.Exists)
        : null;

    /// <summary>Fails in CI if there is no rabbitmq-server; elsewhere the test that asks is ignored.</summary>
    /// <returns><see cref="Scripts"/>.</returns>
    public static string Require()
    {
        if (Scripts is not null) return Scripts;
        const string reason =
            "There is no rabbitmq-server. To get it: apt-get install -y --no-install-recommends rabbitmq-server. " +
            "Or name a broker: TINYWORKER_AMQP=amqp://user:password@host:port/vhost";
        if (Environment.GetEnvironmentVariable("CI") == "true") throw new AssertionException(reason);
        throw new IgnoreException(reason);
    }

    /// <summary>Runs one of the scripts to its end.</summary>
    public static async Task<string> RunAsync(
        string script, IReadOnlyDictionary<string, string> environment, TimeSpan deadline, params string[] arguments)
    {
        var start = new ProcessStartInfo(Path.Join(Require(), script), arguments)
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        foreach (var (name, value) in environment) start.Environment[name] = value;
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        try
        {
            var what = $"{script} {string.Join(' ', arguments)}";
            await Within.Time(Task.WhenAll(process.WaitForExitAsync(), output, errors), what, deadline);
        }
        finally
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
        }

        if (process.ExitCode == 0) return await output;
        throw new InvalidOperationException(
            $"{script} {string.Join(' ', arguments)} ended with code {process.ExitCode}:\n{await output}\n{await errors}");
    }
}
