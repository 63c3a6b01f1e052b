using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Runtime.CompilerServices;
using TinyWorker.Backends.Processes.Payloads;

namespace TinyWorker.Backends.Processes.Errors;

/// <summary>What of an exception type can be read in one process and given back in another. Found out once per type.</summary>
internal sealed class ExceptionShape
{
    // Of Exception itself; its others are seen to by themselves.
    private static readonly string[] OfEveryException = [nameof(Exception.HResult), nameof(Exception.HelpLink), nameof(Exception.Source)];

    // Keeps no type alive that could be unloaded.
    private static readonly ConditionalWeakTable<Type, ExceptionShape> Shapes = [];

    [UnconditionalSuppressMessage("Trimming", "IL2070", Justification = "What was trimmed away makes the exception a RemoteWorkerException.")]
    private ExceptionShape(Type type)
    {
        var readable = new Dictionary<string, PropertyInfo>(StringComparer.OrdinalIgnoreCase);
        foreach (var property in type.GetProperties(BindingFlags.Instance | BindingFlags.Public))
        {
            if (property.GetMethod is not { IsPublic: true } || property.GetIndexParameters().Length > 0) continue;
            if (property.PropertyType != typeof(object) && !Scalar.IsScalar(property.PropertyType)) continue;
            var isEveryOnes = property.GetMethod.GetBaseDefinition().DeclaringType == typeof(Exception);
            if (isEveryOnes && !OfEveryException.Contains(property.Name)) continue;
            // One that hides another comes first.
            readable.TryAdd(property.Name, property);
        }

        Constructors = type.GetConstructors(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic)
            .OrderByDescending(constructor => constructor.IsPublic)
            .Select(constructor => ConstructorPlan.For(constructor, readable))
            .OfType<ConstructorPlan>()
            .OrderByDescending(plan => plan.Properties.Count)
            .ThenByDescending(plan => plan.TakesMessage)
            .ThenByDescending(plan => plan.TakesInner)
            .ToArray();
        Settable = readable.Values.Where(property => property.SetMethod is { IsPublic: true }).ToArray();
        Readable = Constructors.SelectMany(plan => plan.Properties).Select(name => readable[name]).Union(Settable).ToArray();
    }

    /// <summary>What to take along.</summary>
    public PropertyInfo[] Readable { get; }

    /// <summary>What can be set once the exception is made.</summary>
    public PropertyInfo[] Settable { get; }

    /// <summary>How it can be made: first by what gives back most.</summary>
    public ConstructorPlan[] Constructors { get; }

    public static ExceptionShape Of(Type type) => Shapes.GetValue(type, static type => new ExceptionShape(type));
}
