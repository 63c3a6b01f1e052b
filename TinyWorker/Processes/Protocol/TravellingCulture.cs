using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Reflection;
using TinyWorker.Processes.Payloads;

namespace TinyWorker.Processes.Protocol;

/// <summary>
/// A culture in the form in which it is sent to a child: its name, and what a program has changed in its formats. Written and read by field.
/// </summary>
internal static class TravellingCulture
{
    private const char ListSeparator = '\n';

    public static void Write(BinaryWriter writer, CultureInfo? culture)
    {
        writer.Write(culture is not null);
        if (culture is null) return;
        var original = CultureInfo.GetCultureInfo(culture.Name);
        writer.Write(culture.Name);
        writer.Write(CalendarOf(culture, original));
        WriteChanges(writer, typeof(NumberFormatInfo), culture.NumberFormat, original.NumberFormat);
        WriteChanges(writer, typeof(DateTimeFormatInfo), culture.DateTimeFormat, original.DateTimeFormat);
    }

    /// <exception cref="MalformedDataException">It is not what <see cref="Write"/> has written.</exception>
    public static CultureInfo? Read(BinaryReader reader)
    {
        try
        {
            return reader.ReadBoolean() ? ReadCulture(reader) : null;
        }
        catch (Exception e) when (e is not MalformedDataException)
        {
            throw new MalformedDataException("a culture: " + e.Message);
        }
    }

    private static CultureInfo ReadCulture(BinaryReader reader)
    {
        var culture = (CultureInfo)CultureInfo.GetCultureInfo(reader.ReadString()).Clone();
        // First: it resets the formats of dates.
        if (reader.ReadInt32() is >= 0 and var calendar) culture.DateTimeFormat.Calendar = culture.OptionalCalendars[calendar];
        ReadChanges(reader, typeof(NumberFormatInfo), culture.NumberFormat);
        ReadChanges(reader, typeof(DateTimeFormatInfo), culture.DateTimeFormat);
        return CultureInfo.ReadOnly(culture);
    }

    // The place of the calendar among those that the culture can have; -1 if it is the usual one.
    private static int CalendarOf(CultureInfo culture, CultureInfo original)
    {
        var type = culture.DateTimeFormat.Calendar.GetType();
        return type == original.DateTimeFormat.Calendar.GetType()
            ? -1
            : Array.FindIndex(original.OptionalCalendars, calendar => calendar.GetType() == type);
    }

    private static void WriteChanges(
        BinaryWriter writer, [DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicProperties)] Type type, object formats,
        object original)
    {
        foreach (var property in Settable(type))
        {
            var value = Text(property.GetValue(formats));
            if (value == Text(property.GetValue(original))) continue;
            writer.Write(property.Name);
            writer.Write(value);
        }

        writer.Write("");
    }

    private static void ReadChanges(
        BinaryReader reader, [DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicProperties)] Type type, object formats)
    {
        while (reader.ReadString() is { Length: > 0 } name)
        {
            var property = Settable(type).First(property => property.Name == name);
            property.SetValue(formats, Value(reader.ReadString(), property.PropertyType));
        }
    }

    private static IEnumerable<PropertyInfo> Settable(
        [DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicProperties)] Type type) =>
        type.GetProperties(BindingFlags.Instance | BindingFlags.Public)
            .Where(property => property.CanWrite && IsData(property.PropertyType));

    private static bool IsData(Type type) =>
        type == typeof(string) || type == typeof(int) || type == typeof(string[]) || type == typeof(int[]) || type.IsEnum;

    private static string Text(object? value) => value switch
    {
        string text => text,
        string[] texts => string.Join(ListSeparator, texts),
        int[] numbers => string.Join(ListSeparator, numbers.Select(number => number.ToString(CultureInfo.InvariantCulture))),
        null => "",
        _ => Convert.ToInt32(value, CultureInfo.InvariantCulture).ToString(CultureInfo.InvariantCulture),
    };

    private static object Value(string text, Type type)
    {
        if (type == typeof(string)) return text;
        if (type == typeof(string[])) return text.Split(ListSeparator);
        if (type == typeof(int[])) return text.Split(ListSeparator, StringSplitOptions.RemoveEmptyEntries).Select(Number).ToArray();
        return type.IsEnum ? Enum.ToObject(type, Number(text)) : Number(text);
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
