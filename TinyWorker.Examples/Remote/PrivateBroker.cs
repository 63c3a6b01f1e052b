using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace TinyWorker.Examples;

/// <summary>
/// A RabbitMQ for this program alone: on 127.0.0.1 and free ports, with its data in a temporary folder. It is for trying things out. It
/// needs the rabbitmq-server package, and no rights.
/// </summary>
internal sealed class PrivateBroker : IDisposable
{
    public const string HowToGetIt =
        "This example needs RabbitMQ on this machine (it starts a node of its own):\n" +
        "    apt-get install -y --no-install-recommends rabbitmq-server\n" +
        "Or name a broker that is there: TINYWORKER_AMQP=amqp://user:password@host:5672/vhost";

    private const string Packages = "/usr/lib/rabbitmq/lib";

    private readonly string folder = Directory.CreateTempSubdirectory("private-broker-").FullName;
    private readonly Process epmd;     // tells Erlang nodes each other's ports: one of our own, so that no other node is disturbed
    private readonly Process server;

    private PrivateBroker(string scripts)
    {
        var (port, distribution, names) = (FreePort(), FreePort(), FreePort());
        Uri = string.Create(CultureInfo.InvariantCulture, $"amqp://guest:guest@127.0.0.1:{port}/");
        File.WriteAllText(InFolder("rabbitmq.conf"), $"listeners.tcp.default = 127.0.0.1:{port}\ndisk_free_limit.absolute = 10MB\n");
        File.WriteAllText(InFolder("plugins"), "[].");
        File.WriteAllText(InFolder("env.conf"), "");
        epmd = Start("epmd", "-port", names.ToString(CultureInfo.InvariantCulture), "-address", "127.0.0.1");
        server = Start(Path.Combine(scripts, "rabbitmq-server"));

        Process Start(string program, params string[] arguments) => Process.Start(new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,   // read by nobody: it writes a few lines
            RedirectStandardError = true,
            Environment =
            {
                ["HOME"] = folder,
                ["RABBITMQ_NODENAME"] = "private@localhost",
                ["RABBITMQ_NODE_PORT"] = port.ToString(CultureInfo.InvariantCulture),
                ["RABBITMQ_DIST_PORT"] = distribution.ToString(CultureInfo.InvariantCulture),
                ["RABBITMQ_CONFIG_FILE"] = InFolder("rabbitmq"),
                ["RABBITMQ_ADVANCED_CONFIG_FILE"] = InFolder("advanced"),
                ["RABBITMQ_ENABLED_PLUGINS_FILE"] = InFolder("plugins"),
                ["RABBITMQ_CONF_ENV_FILE"] = InFolder("env.conf"),
                ["RABBITMQ_MNESIA_BASE"] = InFolder("data"),
                ["RABBITMQ_LOG_BASE"] = InFolder("log"),
                ["RABBITMQ_PID_FILE"] = InFolder("pid"),
                ["RABBITMQ_GENERATED_CONFIG_DIR"] = InFolder("schema"),
                ["RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS"] = "-kernel inet_dist_use_interface {127,0,0,1} +sbwt none",
                ["RABBITMQ_ALLOW_INPUT"] = "1",   // the script becomes the server, so that there is no process between
                ["RABBITMQ_SERVER_START_ARGS"] = "-noinput",
                ["ERL_EPMD_ADDRESS"] = "127.0.0.1",
                ["ERL_EPMD_PORT"] = names.ToString(CultureInfo.InvariantCulture),
            },
        })!;
    }

    public string Uri { get; }

    /// <summary>Starts one; null if RabbitMQ is not installed. It takes some seconds until it answers: a troupe's
    /// <c>WhenReadyAsync</c> waits for it.</summary>
    public static PrivateBroker? TryStart()
    {
        if (!Directory.Exists(Packages)) return null;
        var scripts = Directory.GetDirectories(Packages, "rabbitmq_server-*").Order(StringComparer.Ordinal).LastOrDefault();
        return scripts is null ? null : new PrivateBroker(Path.Combine(scripts, "sbin"));
    }

    public void Dispose()
    {
        foreach (var process in new[] { server, epmd })
        {
            process.Kill();
            process.WaitForExit();
            process.Dispose();
        }

        Directory.Delete(folder, recursive: true);
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private string InFolder(string name) => Path.Combine(folder, name);
}
