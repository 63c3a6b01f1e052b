using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Runtime.CompilerServices;
using TinyWorker.Diagnostics;
using TinyWorker.Processes.Payloads;

namespace TinyWorker.Processes.Exceptions;

/// <summary>Which properties of an exception type can be read in one process and set in another. Found out once for each type.</summary>
internal sealed class ExceptionShape
{
    // The other properties of Exception are sent by other means.
    private static readonly string[] OfEveryException = [nameof(Exception.HResult), nameof(Exception.HelpLink), nameof(Exception.Source)];

    // Keeps no type alive that can be unloaded. But a type that stays keeps its shape, and so this code: it is emptied in time.
    private static readonly ConditionalWeakTable<Type, ExceptionShape> Shapes = MakeShapes();

    [UnconditionalSuppressMessage("Trimming", "IL2070", Justification = "A trimmed member makes the exception a RemoteWorkerException.")]
    private ExceptionShape(Type type)
    {
        var readable = new Dictionary<string, PropertyInfo>(StringComparer.OrdinalIgnoreCase);
        foreach (var property in type.GetProperties(BindingFlags.Instance | BindingFlags.Public))
        {
            if (property.GetMethod is not { IsPublic: true } || property.GetIndexParameters().Length > 0) continue;
            if (property.PropertyType != typeof(object) && !SimpleValue.IsOrNullable(property.PropertyType)) continue;
            var isEveryOnes = property.GetMethod.GetBaseDefinition().DeclaringType == typeof(Exception);
            if (isEveryOnes && !OfEveryException.Contains(property.Name)) continue;
            // A property that hides another comes first.
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

    /// <summary>The properties that are sent.</summary>
    public PropertyInfo[] Readable { get; }

    /// <summary>The properties that can be set once the exception is made.</summary>
    public PropertyInfo[] Settable { get; }

    /// <summary>How the exception can be made, first by the constructor that takes most.</summary>
    public ConstructorPlan[] Constructors { get; }

    private static ConditionalWeakTable<Type, ExceptionShape> MakeShapes()
    {
        ConditionalWeakTable<Type, ExceptionShape> shapes = [];
        Plugins.BeforeUnload(shapes.Clear);
        return shapes;
    }

    public static ExceptionShape Of(Type type) => Shapes.GetValue(type, static type => new ExceptionShape(type));
}
