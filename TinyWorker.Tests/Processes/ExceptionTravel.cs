using TinyWorker.Processes.Exceptions;
using TinyWorker.Processes.Protocol;

namespace TinyWorker.Tests.Processes;

/// <summary>Sends exceptions through frames, without another process.</summary>
internal static class ExceptionTravel
{
    public const string Troupe = "players";

    public static Exception Through(Exception exception)
    {
        var bytes = Bytes(exception);
        var format = new ExceptionFormat<Exception>(Troupe);
        Exception? there = null;
        Travel.Feed(new FrameReader(FrameDirection.ToParent), bytes, int.MaxValue, frame => there = frame.Read(format));
        Assert.That(there, Is.Not.Null.And.Not.SameAs(exception));
        return there!;
    }

    public static byte[] Bytes(Exception exception)
    {
        using var writer = new FrameWriter();
        writer.Write(FrameKind.Fault, 1, new ExceptionFormat<Exception>(Troupe), exception);
        return Travel.Bytes(writer);
    }

    /// <summary>Throws the exception, and returns it.</summary>
    public static T Thrown<T>(T exception)
        where T : Exception
    {
        try
        {
            throw exception;
        }
        catch (T caught)
        {
            return caught;
        }
    }
}
