using System.Globalization;
using RabbitMQ.Client;

namespace TinyWorker.RabbitMQ;

/// <summary>
/// Where a broker is, and how to log on to it. Immutable. A URI is one, too:
/// <c>RabbitBroker broker = "amqp://user:password@host:5672/vhost"</c>.
/// </summary>
/// <remarks>Its text names the endpoints and the virtual host, and never the user or the password.</remarks>
public sealed record RabbitBroker
{
    /// <summary>The port of AMQP without TLS.</summary>
    public const int DefaultPort = 5672;

    /// <summary>The port of AMQP with TLS.</summary>
    public const int DefaultTlsPort = 5671;

    /// <summary>The nodes of the broker. They are tried in a random order, each time that a connection is made.</summary>
    /// <value>By default <c>localhost:5672</c>.</value>
    public IReadOnlyList<RabbitEndpoint> Endpoints { get; init; } = [new("localhost")];

    /// <summary>The virtual host.</summary>
    /// <value>By default <c>/</c>.</value>
    public string VirtualHost { get; init; } = "/";

    /// <summary>Gives the name of the user and the password. It is asked each time that a connection is made, so that they may
    /// change.</summary>
    /// <value>By default guest and guest, which a broker lets in from its own machine only.</value>
    public Func<CancellationToken, Task<RabbitCredentials>> Credentials { get; init; } =
        static _ => Task.FromResult(new RabbitCredentials("guest", "guest"));

    /// <summary>How TLS is used; the settings of RabbitMQ.Client.</summary>
    /// <value>Null, the default, for none.</value>
    public SslOption? Tls { get; init; }

    /// <summary>Makes a broker of a URI: <c>amqp://user:password@host:port/vhost</c>, or <c>amqps</c> for TLS. What it does not say is the
    /// default. A path of <c>/</c> alone is the virtual host <c>/</c>; a slash in the name of a virtual host is written <c>%2f</c>.</summary>
    /// <param name="uri">The URI.</param>
    /// <exception cref="ArgumentNullException">The URI is null.</exception>
    /// <exception cref="ArgumentException">It is no such URI. The message does not repeat it: it may hold a password.</exception>
    public static implicit operator RabbitBroker(Uri uri) => FromUri(uri);

    /// <inheritdoc cref="op_Implicit(Uri)"/>
    public static implicit operator RabbitBroker(string uri)
    {
        ArgumentNullException.ThrowIfNull(uri);
        return FromUri(Uri.TryCreate(uri, UriKind.Absolute, out var parsed) ? parsed : throw NoUri(nameof(uri)));
    }

    /// <inheritdoc cref="op_Implicit(Uri)"/>
    public static RabbitBroker FromUri(Uri uri)
    {
        ArgumentNullException.ThrowIfNull(uri);
        if (!uri.IsAbsoluteUri || uri.Scheme is not ("amqp" or "amqps") || uri.Host.Length == 0) throw NoUri(nameof(uri));
        // Most likely a # or ? of a password: what stands before it would be taken for the host and the port, and told in logs.
        if (uri.Fragment.Length > 0 || uri.Query.Contains('@')) throw NoUri(nameof(uri));
        var isSecure = uri.Scheme == "amqps";
        var broker = new RabbitBroker
        {
            Endpoints = [new(uri.Host, uri.Port > 0 ? uri.Port : isSecure ? DefaultTlsPort : DefaultPort)],
            Tls = isSecure ? new SslOption(uri.Host, enabled: true) : null,
        };
        if (uri.AbsolutePath.Length > 1)
        {
            if (uri.AbsolutePath.AsSpan(1).Contains('/')) throw NoUri(nameof(uri));
            broker = broker with { VirtualHost = Uri.UnescapeDataString(uri.AbsolutePath[1..]) };
        }

        if (uri.UserInfo.Length == 0) return broker;
        var parts = uri.UserInfo.Split(':', 2);
        var credentials = new RabbitCredentials(
            Uri.UnescapeDataString(parts[0]), parts.Length > 1 ? Uri.UnescapeDataString(parts[1]) : "");
        return broker with { Credentials = _ => Task.FromResult(credentials) };
    }

    /// <summary>The endpoints and the virtual host.</summary>
    /// <returns>For example <c>10.0.0.1:5672, 10.0.0.2:5672 (virtual host '/')</c>.</returns>
    public override string ToString() => $"{string.Join(", ", Endpoints)} (virtual host '{VirtualHost}')";

    private static ArgumentException NoUri(string parameter) => new(
        "A broker's URI is amqp://user:password@host:port/vhost, or amqps for TLS. What was given is not. Write the characters " +
        "/ ? # @ % of a name or a password as %2f %3f %23 %40 %25. " +
        "(It is not repeated here, for it may hold a password.)",
        parameter);
}

/// <summary>A node of a broker.</summary>
/// <param name="Host">Its name or address.</param>
/// <param name="Port">Its port.</param>
public readonly record struct RabbitEndpoint(string Host, int Port = RabbitBroker.DefaultPort)
{
    /// <summary>Host and port.</summary>
    /// <returns>For example <c>10.0.0.1:5672</c>.</returns>
    public override string ToString() =>
        Host is not null && Host.Contains(':') && !Host.StartsWith('[')
            ? string.Create(CultureInfo.InvariantCulture, $"[{Host}]:{Port}")
            : string.Create(CultureInfo.InvariantCulture, $"{Host}:{Port}");
}

/// <summary>A user of a broker. Its text does not show the password.</summary>
/// <param name="UserName">The name of the user.</param>
/// <param name="Password">The password.</param>
public sealed record RabbitCredentials(string UserName, string Password)
{
    /// <summary>The name of the user.</summary>
    /// <returns>The text.</returns>
    public override string ToString() => $"user '{UserName}'";
}
