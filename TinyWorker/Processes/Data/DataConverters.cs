using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;

namespace TinyWorker.Processes.Data;

/// <summary>
/// The converters for what System.Text.Json itself would lose, or does not know. The same ones for captured values and for inputs and
/// results.
/// </summary>
internal static class DataConverters
{
    /// <summary>Adds them behind the converters that are there, which so come first.</summary>
    [UnconditionalSuppressMessage("Trimming", "IL2026", Justification = "What was trimmed away cannot be sent: System.Text.Json says so.")]
    [UnconditionalSuppressMessage("AOT", "IL3050", Justification = "The factories convert nothing where no code can be made.")]
    public static void AddTo(JsonSerializerOptions options)
    {
        options.Converters.Add(new StringConverter());
        options.Converters.Add(new CharConverter());
        options.Converters.Add(new DecimalConverter());
        options.Converters.Add(new ObjectConverter());
        options.Converters.Add(new TextConverter<BigInteger>(
            number => number.ToString(CultureInfo.InvariantCulture), text => BigInteger.Parse(text, CultureInfo.InvariantCulture)));
        options.Converters.Add(new TextConverter<CultureInfo>(
            culture => culture.IsReadOnly
                ? culture.Name
                : throw new RefusedDataException("it was changed, or may be. Send one that is read-only, of CultureInfo.GetCultureInfo."),
            CultureInfo.GetCultureInfo));
        options.Converters.Add(new TextConverter<CancellationToken>(
            token => ProcessBoundValues.WhyNot(token) is { } reason ? throw new RefusedDataException(reason) : "",
            _ => CancellationToken.None));
        options.Converters.Add(new TextConverter<IPAddress>(address => address.ToString(), IPAddress.Parse));
        options.Converters.Add(new TextConverter<IPEndPoint>(point => point.ToString(), IPEndPoint.Parse));
        options.Converters.Add(new TextConverter<StringBuilder>(builder => builder.ToString(), text => new StringBuilder(text)));
        options.Converters.Add(new TextConverter<TimeZoneInfo>(zone => zone.ToSerializedString(), TimeZoneInfo.FromSerializedString));
        options.Converters.Add(new RegexConverter());
        if (!RuntimeFeature.IsDynamicCodeSupported) return;
        options.Converters.Add(new BitsConverterFactory());
        // They write their items by themselves, so that the references of the whole value would not be known in them.
        if (options.ReferenceHandler is null) options.Converters.Add(new CollectionConverterFactory());
    }
}
