using TinyWorker.Processes.Payloads;

namespace TinyWorker.Processes.Exceptions;

/// <summary>Reads what an <see cref="ExceptionWriter"/> wrote and rebuilds the exceptions, the inner ones first.</summary>
internal static class ExceptionReader
{
    // The least number of bytes: with empty texts.
    private const int OfAnEntry = 2;
    private const int OfAnException = 33;

    /// <param name="payload">The bytes.</param>
    /// <param name="troupe">The name of the troupe, for an exception that cannot be rebuilt.</param>
    /// <param name="worker">What the text of such an exception calls the worker that threw it.</param>
    /// <exception cref="MalformedDataException">These bytes are no exception.</exception>
    public static Exception Read(ReadOnlySpan<byte> payload, string troupe, string worker = RemoteWorkerException.WorkerProcess)
    {
        if (payload.Length > ExceptionLimits.Bytes) throw new MalformedDataException($"an exception of {payload.Length:N0} bytes");
        var from = new FieldReader(payload);
        var left = new Left { Exceptions = ExceptionLimits.Exceptions, DataEntries = ExceptionLimits.DataEntries };
        var exception = Read(ref from, troupe, worker, depth: 0, ref left);
        return from.IsAtEnd ? exception : throw new MalformedDataException("an exception with something behind it");
    }

    private static Exception Read(ref FieldReader from, string troupe, string worker, int depth, ref Left left)
    {
        if (depth > ExceptionLimits.Depth) throw new MalformedDataException("an exception that is nested too deep");
        Take(ref left.Exceptions, 1);
        var assemblyQualifiedName = from.ReadString(ExceptionLimits.NameLength);
        var typeName = from.ReadString(ExceptionLimits.NameLength) ?? "";
        var message = from.ReadString(ExceptionLimits.CutText) ?? "";
        var rawMessage = from.ReadString(ExceptionLimits.CutText) ?? message;
        var isCut = from.ReadBool();
        var stackTrace = from.ReadString(ExceptionLimits.CutText);
        var properties = new Dictionary<string, object?>();
        var count = from.ReadCount(OfAnEntry, ExceptionLimits.Properties);
        for (; count > 0; count--) properties[from.ReadString(ExceptionLimits.NameLength) ?? ""] = SimpleValue.Read(ref from);
        var data = new List<KeyValuePair<object, object?>>();
        count = from.ReadCount(OfAnEntry, left.DataEntries);
        Take(ref left.DataEntries, count);
        for (; count > 0; count--)
            data.Add(new(SimpleValue.Read(ref from) ?? "", SimpleValue.Read(ref from)));
        var inner = new Exception[from.ReadCount(OfAnException, left.Exceptions)];
        for (var i = 0; i < inner.Length; i++) inner[i] = Read(ref from, troupe, worker, depth + 1, ref left);
        return ExceptionRebuilder.Rebuild(
            new ExceptionRecord(assemblyQualifiedName, typeName, message, rawMessage, isCut, stackTrace, properties, data, inner),
            troupe, worker);
    }

    private static void Take(ref int left, int count)
    {
        if (count > left) throw new MalformedDataException("an exception with too many parts");
        left -= count;
    }

    // What may still come of one exception with its inner ones.
    private struct Left
    {
        public int Exceptions;
        public int DataEntries;
    }
}
