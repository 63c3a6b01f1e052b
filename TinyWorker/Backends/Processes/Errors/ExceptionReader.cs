using TinyWorker.Backends.Processes.Payloads;
using TinyWorker.Backends.Processes.Wire;

namespace TinyWorker.Backends.Processes.Errors;

/// <summary>Reads what an <see cref="ExceptionWriter"/> wrote and rebuilds the exceptions, the inner ones first.</summary>
internal static class ExceptionReader
{
    // Bytes at the least: their lengths and marks alone.
    private const int OfAnEntry = 2;
    private const int OfAnException = 33;

    /// <exception cref="MalformedFrameException">No exception was written like that.</exception>
    public static Exception Read(ReadOnlySpan<byte> payload, string troupe)
    {
        var from = new FieldReader(payload);
        var exception = Read(ref from, troupe, depth: 0);
        return from.IsAtEnd ? exception : throw new MalformedFrameException("an exception with something behind it");
    }

    private static Exception Read(ref FieldReader from, string troupe, int depth)
    {
        if (depth > ExceptionLimits.Depth) throw new MalformedFrameException("an exception that is nested too deep");
        var assemblyQualifiedName = from.ReadString();
        var typeName = from.ReadString() ?? "";
        var message = from.ReadString() ?? "";
        var rawMessage = from.ReadString() ?? message;
        var isCut = from.ReadBool();
        var stackTrace = from.ReadString();
        var properties = new Dictionary<string, object?>();
        for (var left = from.ReadCount(OfAnEntry); left > 0; left--) properties[from.ReadString() ?? ""] = Scalar.Read(ref from);
        var data = new List<KeyValuePair<object, object?>>();
        for (var left = from.ReadCount(OfAnEntry); left > 0; left--) data.Add(new(Scalar.Read(ref from) ?? "", Scalar.Read(ref from)));
        var inner = new Exception[from.ReadCount(OfAnException)];
        for (var i = 0; i < inner.Length; i++) inner[i] = Read(ref from, troupe, depth + 1);
        return ExceptionRebuilder.Rebuild(
            new ExceptionRecord(assemblyQualifiedName, typeName, message, rawMessage, isCut, stackTrace, properties, data, inner), troupe);
    }
}
