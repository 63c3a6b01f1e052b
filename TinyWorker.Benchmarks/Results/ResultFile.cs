using System.Text.Json;
using System.Text.Json.Serialization;

namespace TinyWorker.Benchmarks.Results;

/// <summary>What one run of a mode measured. peers.py writes the same form.</summary>
/// <param name="Command">The command that measured it.</param>
/// <param name="Started">When it began (UTC).</param>
/// <param name="Machine">The processor, the number of cores, the system and the runtime.</param>
/// <param name="Tables">The measurements.</param>
internal sealed record ResultFile(string Command, DateTime Started, string Machine, IReadOnlyList<ResultTable> Tables)
{
    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault,
        WriteIndented = true,
        NewLine = "\n",
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static ResultFile Read(string path) => JsonSerializer.Deserialize<ResultFile>(File.ReadAllBytes(path), Json)
        ?? throw new InvalidDataException($"'{path}' has no results in it.");

    public void Write(string path) => File.WriteAllText(path, JsonSerializer.Serialize(this, Json) + "\n");
}
