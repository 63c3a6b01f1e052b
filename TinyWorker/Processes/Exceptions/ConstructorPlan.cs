using System.ComponentModel;
using System.Net.Sockets;
using System.Reflection;
using TinyWorker.Processes.Payloads;

namespace TinyWorker.Processes.Exceptions;

/// <summary>How to call one constructor of an exception type: where the value of each parameter comes from.</summary>
internal sealed class ConstructorPlan
{
    // Parameters whose names differ from the property that they set.
    private static readonly Dictionary<(Type Type, string Parameter), string> Aliases = new()
    {
        [(typeof(Win32Exception), "error")] = nameof(Win32Exception.NativeErrorCode),
        // SocketException.ErrorCode is the system's number, not the one that the constructor takes.
        [(typeof(SocketException), "errorCode")] = nameof(SocketException.SocketErrorCode),
        [(typeof(TypeInitializationException), "fullTypeName")] = nameof(TypeInitializationException.TypeName),
    };

    private readonly ConstructorInfo _constructor;
    private readonly Func<ExceptionRecord, string?, object?>[] _arguments;   // of the record and the message

    private ConstructorPlan(ConstructorInfo constructor, Func<ExceptionRecord, string?, object?>[] arguments)
    {
        _constructor = constructor;
        _arguments = arguments;
    }

    /// <summary>The properties that the constructor takes.</summary>
    public List<string> Properties { get; } = [];

    public bool TakesMessage { get; private set; }

    /// <summary>How many inner exceptions the constructor takes: none, the first, or all.</summary>
    public int TakesInner { get; private set; }

    /// <summary>Null if the constructor takes what was not sent.</summary>
    public static ConstructorPlan? For(ConstructorInfo constructor, Dictionary<string, PropertyInfo> properties)
    {
        var parameters = constructor.GetParameters();
        var plan = new ConstructorPlan(constructor, new Func<ExceptionRecord, string?, object?>[parameters.Length]);
        for (var i = 0; i < parameters.Length; i++)
        {
            if (plan.Bind(parameters[i], properties) is not { } argument) return null;
            plan._arguments[i] = argument;
        }

        return plan;
    }

    /// <summary>Throws whatever the constructor throws.</summary>
    public Exception Construct(ExceptionRecord record, string? message) => (Exception)_constructor.Invoke(
        BindingFlags.DoNotWrapExceptions, null, Array.ConvertAll(_arguments, argument => argument(record, message)), null);

    private Func<ExceptionRecord, string?, object?>? Bind(ParameterInfo parameter, Dictionary<string, PropertyInfo> properties)
    {
        var (name, type) = (parameter.Name ?? "", parameter.ParameterType);
        if (type == typeof(Exception) && TakesInner == 0)
        {
            TakesInner = 1;
            return (record, _) => record.Inner.FirstOrDefault();
        }

        var isAggregate = typeof(AggregateException).IsAssignableFrom(_constructor.DeclaringType);
        if (isAggregate && type != typeof(object) && type.IsAssignableFrom(typeof(Exception[])))
        {
            TakesInner = int.MaxValue;
            return (record, _) => record.Inner;
        }

        var wanted = Aliases.GetValueOrDefault((_constructor.DeclaringType!, name), name);
        if (properties.TryGetValue(wanted, out var property) && Fits(property.PropertyType, type))
        {
            Properties.Add(property.Name);
            return (record, _) => SimpleValue.As(type, record.Properties.GetValueOrDefault(property.Name));
        }

        // A string of another name is the message if it can be nothing else: (string) and (string, Exception).
        if (type == typeof(string) && !TakesMessage && (IsMessage(name) || _arguments.Length == 1 || IsBesideInner()))
        {
            TakesMessage = true;
            return (_, message) => message;
        }

        return parameter.HasDefaultValue ? (_, _) => parameter.DefaultValue : null;
    }

    private bool IsBesideInner()
    {
        var parameters = _constructor.GetParameters();
        return parameters.Length == 2 && parameters[1].ParameterType == typeof(Exception);
    }

    private static bool IsMessage(string name) => name.EndsWith("message", StringComparison.OrdinalIgnoreCase) || name is "msg" or "text";

    private static bool Fits(Type property, Type parameter)
    {
        property = Nullable.GetUnderlyingType(property) ?? property;
        parameter = Nullable.GetUnderlyingType(parameter) ?? parameter;
        return property == parameter || (property.IsEnum && Enum.GetUnderlyingType(property) == parameter);
    }
}
