using System.Globalization;
using TinyWorker.Workers;

namespace TinyWorker.Processes.Protocol;

/// <summary>The description of the worker that a child is to make.</summary>
/// <param name="Kind">What kind of function it is.</param>
/// <param name="Input">The type of inputs, with its assembly.</param>
/// <param name="Result">The type of results, with its assembly.</param>
/// <param name="Function">The function or worker factory, in the form in which it is sent.</param>
/// <param name="Serializer">The function that makes the serializer, in the form in which it is sent; null for the default.</param>
/// <param name="Worker">The number and name of the worker.</param>
/// <param name="MaxMemory">How many bytes the worker may hold after a task; null for no limit.</param>
/// <param name="Culture">The culture of threads that have none of their own; null for that of the system.</param>
/// <param name="UICulture">The same, for the language of texts.</param>
/// <param name="StaticTroupes">See <see cref="StaticTroupes.Known"/>.</param>
/// <param name="Window">The address of the <see cref="SharedWindow"/>; empty if there is none.</param>
internal sealed record StartMessage(
    RecipeKind Kind, string Input, string Result, byte[] Function, byte[]? Serializer, WorkerInfo Worker, long? MaxMemory,
    CultureInfo? Culture, CultureInfo? UICulture, IReadOnlyList<string> StaticTroupes, string Window)
{
    // Not JSON: a child would take a third longer to start.
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
        TravellingCulture.Write(writer, Culture);
        TravellingCulture.Write(writer, UICulture);
        writer.Write(StaticTroupes.Count);
        foreach (var troupe in StaticTroupes) writer.Write(troupe);
        writer.Write(Window);
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
        var culture = TravellingCulture.Read(reader);
        var uiCulture = TravellingCulture.Read(reader);
        var troupes = new string[reader.ReadInt32()];
        for (var i = 0; i < troupes.Length; i++) troupes[i] = reader.ReadString();
        return new(
            kind, input, result, function, serializer.Length > 0 ? serializer : null, worker, maxMemory > 0 ? maxMemory : null,
            culture, uiCulture, troupes, reader.ReadString());
    }

    private static void WriteBytes(BinaryWriter writer, byte[] bytes)
    {
        writer.Write(bytes.Length);
        writer.Write(bytes);
    }

    private static byte[] ReadBytes(BinaryReader reader)
    {
        var count = reader.ReadInt32();
        // A count that lies allocates nothing.
        return count >= 0 && count <= reader.BaseStream.Length - reader.BaseStream.Position
            ? reader.ReadBytes(count)
            : throw new InvalidDataException("The description of the worker is damaged.");
    }
}
