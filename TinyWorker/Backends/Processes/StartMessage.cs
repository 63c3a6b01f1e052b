namespace TinyWorker.Backends.Processes;

/// <summary>What a child is told of the worker that it is to be.</summary>
/// <param name="Kind">What the function is.</param>
/// <param name="Input">The type of inputs, with its assembly.</param>
/// <param name="Result">The type of results, with its assembly.</param>
/// <param name="Function">The function or worker factory, as it travels.</param>
/// <param name="Serializer">What makes the serializer, as it travels; null for the default.</param>
/// <param name="Worker">Which worker it is.</param>
/// <param name="MaxMemory">Bytes that it may hold after a task; null for no limit.</param>
internal sealed record StartMessage(RecipeKind Kind, string Input, string Result, byte[] Function, byte[]? Serializer, WorkerInfo Worker, long? MaxMemory)
{
    // Not as JSON: to warm it up would cost a child a quarter of its start.
    public byte[] ToBytes()
    {
        using var bytes = new MemoryStream();
        using var writer = new BinaryWriter(bytes);
        writer.Write((byte)Kind);
        writer.Write(Input);
        writer.Write(Result);
        WriteBytes(writer, Function);
        WriteBytes(writer, Serializer ?? []);
        writer.Write(Worker.Troupe);
        writer.Write(Worker.Index);
        writer.Write(Worker.Count);
        writer.Write(Worker.Restarts);
        writer.Write(MaxMemory ?? 0);
        writer.Flush();
        return bytes.ToArray();
    }

    public static StartMessage FromBytes(byte[] bytes)
    {
        using var reader = new BinaryReader(new MemoryStream(bytes));
        var kind = (RecipeKind)reader.ReadByte();
        var input = reader.ReadString();
        var result = reader.ReadString();
        var function = ReadBytes(reader);
        var serializer = ReadBytes(reader);
        var worker = new WorkerInfo(reader.ReadString(), reader.ReadInt32(), reader.ReadInt32(), reader.ReadInt32());
        var maxMemory = reader.ReadInt64();
        return new(kind, input, result, function, serializer.Length > 0 ? serializer : null, worker, maxMemory > 0 ? maxMemory : null);
    }

    private static void WriteBytes(BinaryWriter writer, byte[] bytes)
    {
        writer.Write(bytes.Length);
        writer.Write(bytes);
    }

    private static byte[] ReadBytes(BinaryReader reader) => reader.ReadBytes(reader.ReadInt32());
}
