using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Runtime.CompilerServices;
using TinyWorker.Processes.Payloads;

namespace TinyWorker.Processes.Exceptions;

/// <summary>
/// The exceptions of the library itself, as they come out of a troupe within a worker process: all of their fields are sent, and they are
/// made again without their constructors, which make the message anew. Fields of other types than simple ones, lists of strings, and the
/// library's own records of these are left out.
/// </summary>
[UnconditionalSuppressMessage("Trimming", "IL2026", Justification = "A field that was trimmed away is read by nobody.")]
[UnconditionalSuppressMessage("Trimming", "IL2067", Justification = "As above.")]
[UnconditionalSuppressMessage("Trimming", "IL2070", Justification = "As above.")]
[UnconditionalSuppressMessage("Trimming", "IL2072", Justification = "As above.")]
[UnconditionalSuppressMessage("Trimming", "IL2075", Justification = "As above.")]
internal static class OwnExceptionState
{
    private const int MaxDepth = 3;      // records in records
    private const int MaxLines = 100;    // of a list of strings

    private static readonly ConstructorInfo Base = typeof(Exception).GetConstructor([typeof(string), typeof(Exception)])!;

    public static bool Has(Type exception) => exception.Assembly == typeof(OwnExceptionState).Assembly;

    /// <summary>The fields as simple values, by paths: "_exit", "_exit._code", "_lines.0".</summary>
    public static List<KeyValuePair<string, object?>> Of(Exception exception)
    {
        var state = new List<KeyValuePair<string, object?>>();
        Add(exception, "", state, 0);
        return state;
    }

    /// <summary>Makes the exception again. Throws if the state is not one of this type.</summary>
    public static Exception Rebuild(Type type, ExceptionRecord record)
    {
        var exception = (Exception)RuntimeHelpers.GetUninitializedObject(type);
        Base.Invoke(exception, [record.RawMessage, record.Inner.FirstOrDefault()]);
        Set(exception, "", record.Properties, 0);
        return exception;
    }

    private static void Add(object owner, string path, List<KeyValuePair<string, object?>> state, int depth)
    {
        foreach (var field in FieldsOf(owner.GetType()))
        {
            var (name, value) = (path + field.Name, field.GetValue(owner));
            if (value is null) continue;
            if (SimpleValue.IsOrNullable(field.FieldType))
            {
                if (SimpleValue.TryMake(value, out var simple)) state.Add(new(name, simple));
            }
            else if (value is IReadOnlyList<string> lines)
            {
                var count = Math.Min(lines.Count, MaxLines);
                state.Add(new(name, count));
                for (var i = 0; i < count; i++) state.Add(new($"{name}.{i}", lines[i]));
            }
            else if (IsRecord(field.FieldType) && depth < MaxDepth)
            {
                state.Add(new(name, true));
                Add(value, name + ".", state, depth + 1);
            }
        }
    }

    private static void Set(object owner, string path, Dictionary<string, object?> state, int depth)
    {
        foreach (var field in FieldsOf(owner.GetType()))
        {
            var name = path + field.Name;
            var isThere = state.TryGetValue(name, out var value);
            if (SimpleValue.IsOrNullable(field.FieldType))
            {
                if (isThere) field.SetValue(owner, SimpleValue.As(field.FieldType, value));
            }
            else if (field.FieldType.IsAssignableFrom(typeof(string[])))
            {
                // Never null in the library.
                var lines = new string[value is int count and >= 0 and <= MaxLines ? count : 0];
                for (var i = 0; i < lines.Length; i++) lines[i] = state.GetValueOrDefault($"{name}.{i}") as string ?? "";
                field.SetValue(owner, lines);
            }
            else if (IsRecord(field.FieldType) && isThere && depth < MaxDepth)
            {
                var part = RuntimeHelpers.GetUninitializedObject(field.FieldType);
                Set(part, name + ".", state, depth + 1);
                field.SetValue(owner, part);
            }
        }
    }

    // Up to Exception, whose own fields are sent by other means.
    private static IEnumerable<FieldInfo> FieldsOf(Type type)
    {
        const BindingFlags Own = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;
        for (var part = type; part is not null && Has(part); part = part.BaseType)
            foreach (var field in part.GetFields(Own)) yield return field;
    }

    private static bool IsRecord(Type type) => Has(type) && (type.IsSealed || type.IsValueType) && !type.IsEnum;
}
