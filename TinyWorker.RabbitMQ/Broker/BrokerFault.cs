using System.Net.Sockets;
using System.Security.Authentication;
using RabbitMQ.Client.Events;
using RabbitMQ.Client.Exceptions;

namespace TinyWorker.RabbitMQ.Broker;

/// <summary>Reads what went wrong between here and the broker: in a few words, and whether waiting can mend it.</summary>
internal static class BrokerFault
{
    private const int AccessRefused = 403;
    private const int PreconditionFailed = 406;
    private const int NotAllowed = 530;

    /// <summary>The broker's own words, or those of the network. Never the user or the password: RabbitMQ.Client does not write them.</summary>
    public static string Describe(Exception error)
    {
        if (error is RabbitTopologyException) return Sentence(error.Message);
        if (ReasonOf(error) is { ReplyText.Length: > 0 } reason) return Sentence(reason.ReplyText);
        var innermost = error;
        while (innermost.InnerException is { } inner) innermost = inner;
        return innermost switch
        {
            SocketException socket => Sentence(socket.Message),
            OperationCanceledException => "It did not answer in time.",
            _ => Sentence(innermost.Message),
        };
    }

    /// <summary>Why a connection or a channel was shut down.</summary>
    public static string Describe(ShutdownEventArgs reason) =>
        reason.Exception is { } error && reason.Initiator != global::RabbitMQ.Client.ShutdownInitiator.Peer
            ? Describe(error)
            : Sentence(reason.ReplyText);

    /// <summary>What the user can do about a refusal that no waiting mends; null for everything else.</summary>
    /// <remarks>The broker says 403, 406 and 530 for things that pass, too: a queue that the dead connection still consumes, a limit of
    /// connections, a virtual host that is just starting.</remarks>
    public static string? AdviceIfFinal(Exception error)
    {
        if (error is RabbitTopologyException) return "";
        var text = ReasonOf(error)?.ReplyText ?? "";
        if (Find<AuthenticationFailureException>(error) is not null) return "Look at the name of the user and the password.";
        switch (ReasonOf(error)?.ReplyCode)
        {
            // "queue 'q' in vhost '/' in exclusive use": long names cut the end off.
            case AccessRefused when !text.StartsWith("ACCESS_REFUSED - queue ", StringComparison.OrdinalIgnoreCase):
                return "Give the user the permissions to configure, write and read what begins with 'tw.' (rabbitmqctl set_permissions).";
            case NotAllowed when !text.Contains("limit", StringComparison.OrdinalIgnoreCase) &&
                                 !text.Contains("is down", StringComparison.OrdinalIgnoreCase):
                return "Look at the name of the virtual host (it must be there: rabbitmqctl add_vhost), and whether the user may use it.";
            case PreconditionFailed when text.Contains("inequivalent arg", StringComparison.Ordinal):
                return "Delete what has that name, or give the troupe another name.";
            default:
                return Find<AuthenticationException>(error) is null ? null : "Look at the certificates and at the TLS settings.";
        }
    }

    /// <summary>The reply code of the broker; zero if it gave none.</summary>
    public static int CodeOf(Exception error) => ReasonOf(error)?.ReplyCode ?? 0;

    private static ShutdownEventArgs? ReasonOf(Exception error) =>
        Find<OperationInterruptedException>(error)?.ShutdownReason ?? Find<SessionEndedException>(error)?.Reason;

    private static T? Find<T>(Exception error)
        where T : Exception
    {
        for (var current = error; current is not null; current = current.InnerException)
        {
            if (current is T found) return found;
            if (current is AggregateException { InnerExceptions.Count: > 1 } several)
                return several.InnerExceptions.Select(Find<T>).FirstOrDefault(each => each is not null);
        }

        return null;
    }

    private static string Sentence(string text)
    {
        text = text.Trim();
        return text.EndsWith('.') ? text : text + ".";
    }
}

/// <summary>A connection or one of its channels was shut down, or one of its consumers was cancelled.</summary>
internal sealed class SessionEndedException(string message, ShutdownEventArgs? reason = null, Exception? cause = null)
    : IOException(message, cause)
{
    public ShutdownEventArgs? Reason { get; } = reason;
}
