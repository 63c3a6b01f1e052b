using System.Text.Json.Serialization;

namespace TinyWorker.Dashboard.State;

// The default encoder leaves nothing but ASCII, and no character that means something to HTML.
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(DashboardState))]
[JsonSerializable(typeof(TroupeState))]
[JsonSerializable(typeof(ControlRequest))]
internal sealed partial class DashboardJson : JsonSerializerContext;
